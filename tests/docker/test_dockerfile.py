"""The worker image's Dockerfile, as a linter and a reader see it."""

import re

import pytest

from tests.docker.linters import lint
from tests.paths import ROOT

BEAM = ROOT / "docker" / "beam"
DOCKERFILE = BEAM / "Dockerfile"
BASES = ("PYTHON_IMAGE", "BEAM_IMAGE", "LAUNCHER_IMAGE")


def instructions() -> list[tuple[str, str]]:
    """Of the Dockerfile, in order: the instruction and its arguments, on one line."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(line.split()[0], line.partition(" ")[2]) for line in lines if line.strip()]


def requirements() -> dict[str, str]:
    """What the image has: the locked version by package."""
    text = (BEAM / "requirements.txt").read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE))


def test_hadolint_finds_nothing():
    linted = lint("hadolint", "--failure-threshold", "style", DOCKERFILE)
    assert (linted.returncode, linted.stdout) == (0, "")


def test_hadolint_would_find_something(tmp_path):
    copy = tmp_path / "Dockerfile"
    copy.write_text("FROM python:latest\nRUN cd /tmp\n")
    assert "DL3007" in lint("hadolint", copy).stdout


@pytest.mark.parametrize(
    "script",
    [*sorted((ROOT / "docker").rglob("*.sh")), ROOT / "infra" / "destroy.sh"],
    ids=lambda path: path.name,
)
def test_shellcheck_finds_nothing(script):
    linted = lint("shellcheck", script)
    assert (linted.returncode, linted.stdout) == (0, "")


def test_every_base_is_an_argument_without_a_default():
    of = instructions()
    assert [rest for name, rest in of if name == "ARG"] == [*BASES, "REVISION"]
    stages = [rest.split()[0] for name, rest in of if name == "FROM"]
    assert stages == ["${BEAM_IMAGE}", "${LAUNCHER_IMAGE}", "${PYTHON_IMAGE}"]


def test_bases_that_are_written_down_are_digests():
    """There is no such file before the first `make bases`; `make image` asks for it."""
    path = BEAM / "bases.env"
    lines = path.read_text().splitlines() if path.exists() else []
    assert [line.partition("=")[0] for line in lines] in ([], list(BASES))
    assert all(re.fullmatch(r"[A-Z_]+=[^@ ]+@sha256:[0-9a-f]{64}", line) for line in lines)


def test_the_image_starts_workers():
    assert instructions()[-1] == ("ENTRYPOINT", '["/opt/apache/beam/boot"]')


def test_the_launcher_runs_a_file_that_the_image_has():
    copied = {rest.split()[-1]: rest.split()[0] for name, rest in instructions() if name == "COPY"}
    environment = " ".join(rest for name, rest in instructions() if name == "ENV")
    assert "FLEX_TEMPLATE_PYTHON_PY_FILE=/opt/vidset/launch.py" in environment
    assert copied["/opt/vidset/launch.py"] == "docker/beam/launch.py"


def test_what_is_installed_is_locked_by_hash():
    [install] = [rest for name, rest in instructions() if name == "RUN" and "pip install" in rest]
    assert "--require-hashes" in install
    assert "--no-deps" in install
    assert install.endswith("&& pip check")


def test_every_requirement_has_a_hash():
    text = (BEAM / "requirements.txt").read_text().replace("\\\n", "")
    lines = [line for line in text.splitlines() if not re.match(r"\s*(#|$)", line)]
    assert len(lines) > 100
    assert [line for line in lines if "--hash=sha256:" not in line] == []


def test_the_image_has_the_jobs_libraries():
    wanted = {"apache-beam", "av", "google-cloud-bigquery", "google-cloud-firestore"}
    wanted |= {"google-cloud-pubsub", "google-cloud-storage", "opencv-python-headless", "pyarrow"}
    assert wanted <= set(requirements())


def test_the_image_has_neither_command_line_nor_training_nor_tests():
    others = {"torch", "kfp", "functions-framework", "typer", "rich", "flask", "duckdb", "pytest"}
    assert not others & set(requirements())


def test_the_context_is_what_the_image_copies():
    ignored = (BEAM / "Dockerfile.dockerignore").read_text().splitlines()
    kept = {line[1:] for line in ignored if line.startswith("!")}
    copies = [rest for name, rest in instructions() if name == "COPY" and "--from" not in rest]
    assert ignored[1] == "*"
    assert kept == {rest.split()[0] for rest in copies}
    assert all((ROOT / path).exists() for path in kept)
