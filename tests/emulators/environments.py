"""Programs whose dependencies do not go together with ours: each in an environment of its own.

Made once and kept in `cache_folder`, whoever comes first, of several processes too.
"""

import fcntl
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from tests.emulators.servers import ToolMissingError, cache_folder


def own_python(name: str, requirements: Path, seconds: float, *, is_complete: bool = False) -> Path:
    """The interpreter of an environment with what a requirements file locks.

    Args:
        seconds: to install all of it.
        is_complete: the file names every dependency; none is to be added.

    Raises:
        ToolMissingError: it cannot be made; with the commands that would.
    """
    folder = cache_folder() / f"{name}-{digest(requirements.read_text())}"
    with locked(folder):
        if not folder.exists():
            _make(name, folder, requirements, seconds, is_complete=is_complete)
    return folder / "bin" / "python"


def python_for_test(
    name: str, requirements: Path, seconds: float, *, is_complete: bool = False
) -> Path:
    """As `own_python`, for a test, which is skipped where the environment cannot be made."""
    try:
        return own_python(name, requirements, seconds, is_complete=is_complete)
    except ToolMissingError as missing:
        skip_or_fail(missing)


def skip_or_fail(missing: Exception | str) -> NoReturn:
    """A tool that is missing skips its tests, or fails them when VIDSET_REQUIRE_TOOLS=1."""
    if os.environ.get("VIDSET_REQUIRE_TOOLS") == "1":
        pytest.fail(str(missing), pytrace=False)
    pytest.skip(str(missing))


def digest(*parts: str) -> str:
    """What tells one interpreter's environment of these parts from another."""
    text = " ".join((sys.version, sys.base_prefix, *parts))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """For one process at a time."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(
    name: str, folder: Path, requirements: Path, seconds: float, *, is_complete: bool
) -> None:
    unfinished = folder.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        for command in _commands(unfinished, requirements, is_complete=is_complete):
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds)
    except (OSError, subprocess.SubprocessError) as error:
        said = textwrap.shorten(str(getattr(error, "stderr", None) or error), 200)
        commands = _commands(folder, requirements, is_complete=is_complete)
        raise ToolMissingError(f"{name} ({said})", " && ".join(map(shlex.join, commands))) from None
    unfinished.rename(folder)


def _commands(folder: Path, requirements: Path, *, is_complete: bool) -> list[list[str]]:
    """What makes the environment. It may be moved: only its interpreter is run."""
    python = str(folder / "bin" / "python")
    wanted = [*(["--no-deps"] if is_complete else []), "-r", str(requirements)]
    if uv := shutil.which("uv"):
        return [
            [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", python, *wanted],
        ]
    return [
        [sys.executable, "-m", "venv", str(folder)],
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted],
    ]
