"""A program that is asked about other images gets what training left, and nothing else."""

import os

import pytest

from tests.training.running.test_command import write_model
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.repository import Repository
from vidset.storage.writing import LinkError
from vidset.training.models.commands import read_command_model
from vidset.training.running.command.training import _digest, ask_program


def test_a_container_that_is_asked_works_in_a_copy_of_the_named_files(tmp_path, monkeypatch):
    """What stands in a run's folder may be anybody's."""
    (tmp_path / "docker").write_text('#!/bin/sh\necho "$@"\nexit 125\n')
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    image = f"example.com/means@sha256:{'a' * 64}"
    model = read_command_model(write_model(tmp_path / "m", "means", "classification", image=image))
    run = tmp_path / "run"
    (run / "weights").mkdir(parents=True)
    (run / "weights" / "means.npy").write_bytes(b"learned")
    details = {"classes": ["a"], "seed": 1, "epochs": 1, "threads": 1, "device": "cpu"}
    details |= {"weights_sha256": _digest(run / "weights")}
    with pytest.raises(DatasetError, match="exit code 125"):
        ask_program(run, details, model, Repository(tmp_path / "datasets"), [], ())
    words = (run / "program.log").read_text().split()
    assert words[words.index("--workdir") + 1].startswith("/vidset/.model-")


def test_weights_behind_a_link_are_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "folder").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LinkError, match="weights/folder"):
        _digest(tmp_path / "weights")
