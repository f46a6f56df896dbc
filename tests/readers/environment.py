"""The tools that define the formats, in an environment of their own, reading a folder."""

import fcntl
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from tests.emulators.servers import ToolMissingError, cache_folder

# Locked, and apart from ours: they pin much, and pull in other builds of OpenCV.
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
PROGRAM = Path(__file__).with_name("read.py")
INSTALL_SECONDS = 600
READ_SECONDS = 120


def read(format_name: str, folder: Path, scratch: Path) -> list[dict[str, Any]]:
    """What a format's tool finds in an export, by the names of the images.

    Raises:
        ToolMissingError: the environment cannot be made.
    """
    command = [str(_own_python()), "-I", str(PROGRAM), format_name, str(folder)]
    environment = os.environ | {"HOME": str(scratch), "HF_HUB_OFFLINE": "1", "MPLBACKEND": "agg"}
    ended = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        timeout=READ_SECONDS,
        env=environment,
        cwd=scratch,
    )
    if ended.returncode:
        raise AssertionError(f"{format_name}: {ended.stderr[-4000:]}")
    found = json.loads(ended.stdout.splitlines()[-1])
    return sorted(found, key=lambda image: image["image"])


def _own_python() -> Path:
    """The interpreter of the environment; made once, whoever comes first."""
    wanted = f"{sys.version} {sys.base_prefix} {REQUIREMENTS.read_text()}"
    folder = cache_folder() / f"readers-{hashlib.sha256(wanted.encode()).hexdigest()[:16]}"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _make_environment(folder)
    return folder / "bin" / "python"


def _make_environment(folder: Path) -> None:
    unfinished = folder.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        for command in _commands(unfinished):
            subprocess.run(
                command, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS
            )
    except (OSError, subprocess.SubprocessError) as error:
        said = textwrap.shorten(str(getattr(error, "stderr", None) or error), 200)
        by_hand = " && ".join(map(shlex.join, _commands(folder)))
        raise ToolMissingError(f"the readers of exports ({said})", by_hand) from None
    unfinished.rename(folder)


def _commands(folder: Path) -> list[list[str]]:
    """What makes the environment. It may be moved: only its interpreter is run."""
    python = str(folder / "bin" / "python")
    requirements = ["--no-deps", "-r", str(REQUIREMENTS)]
    if uv := shutil.which("uv"):
        return [
            [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", python, *requirements],
        ]
    return [
        [sys.executable, "-m", "venv", str(folder)],
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements],
    ]
