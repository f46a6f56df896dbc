"""What is costly, done once by all of a run's processes: the first does it, the others wait."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.emulators.environments import locked


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """Of this run of pytest, and of all its workers."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def once(shared: Path, kind: str, inputs: Path, do: Callable[[], str]) -> str:
    """What `do` returns, or returned to another process; what it raises is not kept.

    Args:
        shared: where it is kept.
        kind: tells results of one sort from others'.
        inputs: the folder that it depends on: with any other content it is done again.
    """
    kept = shared / f"{kind}-{digest(inputs)}.txt"
    with locked(kept):
        if not kept.exists():
            unfinished = kept.with_suffix(".new")
            unfinished.write_text(do())
            unfinished.rename(kept)
    return kept.read_text()


def digest(folder: Path) -> str:
    """Of all files below: names and content."""
    sha = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        sha.update(f"{content} {path.relative_to(folder)}\n".encode())
    return sha.hexdigest()[:32]
