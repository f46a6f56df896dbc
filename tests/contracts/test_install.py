"""What a stranger installs: the parts of the package resolve on each Python that they are for."""

import re
import shutil
import subprocess
import tomllib

import pytest

from tests.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_all_has_every_part():
    [wanted] = PROJECT["optional-dependencies"]["all"]
    listed = set(re.findall(r"[a-z0-9]+", wanted.partition("[")[2]))
    parts, pending = set(), list(listed)
    while pending:
        part = pending.pop()
        parts.add(part)
        for requirement in PROJECT["optional-dependencies"][part]:
            if requirement.startswith("vidset["):
                pending += re.findall(r"[a-z0-9]+", requirement.partition("[")[2])
    everything = set(PROJECT["optional-dependencies"]) - {"all", "function"}
    assert parts == everything
    assert "torchvision" not in str(PROJECT["optional-dependencies"])


@pytest.mark.slow
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_all_resolves_on(python, tmp_path):
    uv = shutil.which("uv") or shutil.which(ROOT / ".uv" / "bin" / "uv")
    if uv is None:
        pytest.skip("uv is not installed")
    lock = tmp_path / "all.txt"
    compiled = ["pip", "compile", "--quiet", "--python-version", python, "--extra", "all"]
    done = subprocess.run(
        [uv, *compiled, "pyproject.toml", "--output-file", lock],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if "error sending request" in done.stderr:
        pytest.skip("there is no package index")
    assert done.returncode == 0, done.stderr
    pinned = set(re.findall(r"^([a-z0-9-]+)==", lock.read_text(), re.MULTILINE))
    assert {"apache-beam", "torch", "duckdb", "kfp"} <= pinned
    assert [name for name in pinned if name.startswith("opencv")] == ["opencv-python-headless"]
