"""What stands where a file is wanted, and is none: links, pipes, devices, folders."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

# Each puts something hostile at a path.
Attack = Callable[[Path], object]


def written(data: Callable[[], bytes]) -> Attack:
    """An attack by a file's content."""
    return lambda path: path.write_bytes(data())


SPECIAL: Mapping[str, Attack] = {
    "a pipe": os.mkfifo,
    "a link to /dev/zero": lambda path: path.symlink_to("/dev/zero"),
    "nothing": written(lambda: b""),
    "noise": written(lambda: bytes(range(256)) * 4000),
}
