"""Recordings to upload, and the command that uploads them."""

import os
import random
import sys
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from tests.cli.called import vidset
from tests.drawing import write_video

MIB = 1 << 20


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
    noise = random.Random(seed).randbytes(missing)
    return data + (missing + 8).to_bytes(4) + b"free" + noise


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


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "vidset", "upload", *map(str, arguments)]


def environment(changes: dict[str, str]) -> dict[str, str]:
    return os.environ | {"NO_PROXY": "127.0.0.1"} | changes


def upload(*arguments: object, env: dict[str, str] | None = None) -> Ended:
    """`vidset upload ... --json`, called in this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(env or {}).items():
            patch.setenv(name, value)
        ended = vidset("upload", *arguments, "--json")
    return Ended(ended.code, ended.found if ended.out else None, ended.err, ended.out)
