"""Recordings to upload, and the command that uploads them."""

import os
import random
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from subprocess import DEVNULL
from typing import IO, Any

import pytest

from tests.cli.called import vidset
from tests.drawing import write_video
from tests.programs.started import Started

MIB = 1 << 20
_AT_ONCE = 64 * MIB  # Python draws no more than 256 MiB in one piece.


def recording(path: Path, size_bytes: int | None = None, seed: int = 0) -> Path:
    """A video that decodes; of this size, by a box that players pass over (`free`)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_recorded(size_bytes, seed))
    return path


@lru_cache(maxsize=4)
def _recorded(size_bytes: int | None, seed: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        video = write_video(Path(folder, "a.mp4"), scenes=[seed, seed + 1], seconds_each=0.5)
        data = video.read_bytes()
    if size_bytes is None:
        return data
    missing = size_bytes - len(data) - 8
    source = random.Random(seed)
    noise = (source.randbytes(min(_AT_ONCE, missing - at)) for at in range(0, missing, _AT_ONCE))
    return b"".join((data, (missing + 8).to_bytes(4), b"free", *noise))


@dataclass(frozen=True)
class Ended:
    code: int
    found: Any
    stderr: str
    stdout: str

    @property
    def file(self) -> dict[str, Any]:
        """What it says of the only recording."""
        (only,) = self.found["files"]
        return only

    @property
    def refusal(self) -> str:
        """The message of what was refused before any work."""
        return self.found["error"]["message"]


def started(
    *arguments: object,
    stdout: IO[str] | int = DEVNULL,
    stderr: IO[str] | int = DEVNULL,
    env: dict[str, str] | None = None,
) -> Started:
    """`vidset upload ...` in a process of its own."""
    return Started(("upload", *arguments), stdout, stderr, environment(env or {}))


def environment(changes: dict[str, str]) -> dict[str, str]:
    return os.environ | {"NO_PROXY": "127.0.0.1"} | changes


def upload(*arguments: object, env: dict[str, str] | None = None) -> Ended:
    """`vidset upload ... --json`, called in this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(env or {}).items():
            patch.setenv(name, value)
        ended = vidset("upload", *arguments, "--json")
    return Ended(ended.code, ended.found if ended.out else None, ended.err, ended.out)
