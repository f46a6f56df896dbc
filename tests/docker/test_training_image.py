"""The Dockerfile of the Kubeflow steps, as a linter and a reader see it."""

import re

import pytest

from tests.docker.linters import lint
from tests.paths import ROOT

FOLDER = ROOT / "docker" / "training"


@pytest.mark.slow
def test_hadolint_finds_nothing():
    ended = lint("hadolint", FOLDER / "Dockerfile")
    assert (ended.returncode, ended.stdout) == (0, "")


def test_what_is_copied_is_there_and_not_ignored():
    ignored = (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()
    copied = re.findall(r"^COPY (\S+) \S+$", (FOLDER / "Dockerfile").read_text(), re.MULTILINE)
    assert len(copied) == 3
    for source in copied:
        assert (ROOT / source).exists()
        assert f"!{source}" in ignored


def test_the_steps_find_their_libraries_and_no_beam():
    locked = (FOLDER / "requirements.txt").read_text()
    names = set(re.findall(r"^([a-z0-9.-]+)==", locked, re.MULTILINE))
    assert {"torch", "duckdb", "google-cloud-storage", "boto3", "cleanlab"} <= names
    assert "kfp" in names  # It starts a step; a cluster may have no way to install it.
    assert not names & {"apache-beam", "pytest"}
    assert "--hash=sha256:" in locked
