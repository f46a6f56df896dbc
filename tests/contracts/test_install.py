"""What a stranger installs: the parts of the package resolve on each Python that they are for."""

import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.paths import ROOT

each_python = pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
# The least and the most; what lies between is left to `make chaos`.
both_ends = pytest.mark.parametrize(
    "python", ["3.11", pytest.param("3.12", marks=pytest.mark.chaos), "3.13"]
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_all_has_every_part():
    [wanted] = PROJECT["optional-dependencies"]["all"]
    listed = set(re.findall(r"[a-z0-9-]+", wanted.partition("[")[2]))
    parts, pending = set(), list(listed)
    while pending:
        part = pending.pop()
        parts.add(part)
        for requirement in PROJECT["optional-dependencies"][part]:
            if requirement.startswith("vidset["):
                pending += re.findall(r"[a-z0-9-]+", requirement.partition("[")[2])
    everything = set(PROJECT["optional-dependencies"]) - {"all", "function"}
    assert parts == everything
    assert "torchvision" not in str(PROJECT["optional-dependencies"])


def run_quietly(command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def check_pinned(names: set[str]) -> None:
    assert {"apache-beam", "torch", "duckdb", "kfp"} <= names
    assert [name for name in names if name.startswith("opencv")] == ["opencv-python-headless"]
    assert "torchvision" not in names


@pytest.mark.slow
@both_ends
def test_uv_resolves_all_on(python, tmp_path):
    uv = shutil.which("uv") or shutil.which(ROOT / ".uv" / "bin" / "uv")
    if uv is None:
        pytest.skip("uv is not installed")
    lock = tmp_path / "all.txt"
    compiled = ["pip", "compile", "--quiet", "--python-version", python, "--extra", "all"]
    done = run_quietly([uv, *compiled, "pyproject.toml", "--output-file", lock])
    if "error sending request" in done.stderr:
        pytest.skip("there is no package index")
    assert done.returncode == 0, done.stderr
    check_pinned(set(re.findall(r"^([a-z0-9-]+)==", lock.read_text(), re.MULTILINE)))


@pytest.mark.chaos  # It costs a minute of the processor and more on each Python.
@pytest.mark.timeout(3600)
@each_python
def test_pip_resolves_all_on(python, tmp_path):
    program = shutil.which(f"python{python}")
    if program is None or run_quietly([program, "-m", "pip", "--version"]).returncode:
        pytest.skip(f"there is no python{python} with pip")
    report = tmp_path / "report.json"
    options = ["--dry-run", "--ignore-installed", "--quiet", "--report", report]
    done = run_quietly([program, "-m", "pip", "install", *options, ".[all]"])
    if "Could not find a version that satisfies the requirement hatchling" in done.stderr:
        pytest.skip("there is no package index")
    assert done.returncode == 0, done.stderr
    installed = json.loads(report.read_text())["install"]
    check_pinned({re.sub(r"[-_.]+", "-", each["metadata"]["name"]).lower() for each in installed})
