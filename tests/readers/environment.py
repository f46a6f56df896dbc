"""The tools that define the formats, in an environment of their own, reading a folder."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.emulators.environments import own_python

# Locked, and apart from ours: they pin much, and pull in other builds of OpenCV.
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
PROGRAM = Path(__file__).with_name("read.py")
INSTALL_SECONDS = 600
READ_SECONDS = 600


def read(format_name: str, folder: Path, scratch: Path) -> list[dict[str, Any]]:
    """What a format's tool finds in an export, by the names of the images.

    Raises:
        ToolMissingError: the environment cannot be made.
    """
    python = own_python("readers-of-exports", REQUIREMENTS, INSTALL_SECONDS, is_complete=True)
    command = [str(python), "-I", str(PROGRAM), format_name, str(folder)]
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
