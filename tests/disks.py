"""Disks of their own for tests of what a loss of power leaves: it takes root, else they skip."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.emulators.environments import skip_or_fail
from tests.upload.recordings import MIB

DISK_BYTES = 24 * MIB


def new_disk(image: Path) -> Path:
    """Make a file that holds an empty file system."""
    with image.open("wb") as file:
        file.truncate(DISK_BYTES)
    if shutil.which("mkfs.ext4") is None or _run("mkfs.ext4", "-q", "-F", image).returncode:
        skip_or_fail("there is no mkfs.ext4: apt-get install e2fsprogs")
    return image


@contextmanager
def mounted(image: Path, at: Path) -> Iterator[Path]:
    """What stands on a disk; its journal is replayed, as after a loss of power."""
    at.mkdir(exist_ok=True)
    ended = _run("mount", "-o", "loop", image, at)
    if ended.returncode:
        pytest.skip(f"a disk cannot be mounted here: that takes root: {ended.stderr.decode()}")
    try:
        yield at
    finally:
        for _ in range(50):
            if _run("umount", at).returncode == 0:
                break
            time.sleep(0.1)
        else:
            _run("umount", "--lazy", at)
            pytest.fail(f"{at} cannot be unmounted")
        # Not used again: a loop device that lets go late would show what it had of it before.
        image.unlink()


def _run(*words: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([str(word) for word in words], capture_output=True, check=False)
