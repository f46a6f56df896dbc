"""Which file it is, as far as the file system tells."""

import os
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells, without reading it, that a file is the one it was.

    `ctime_ns` is the time of the last change of any kind. Programs can set `mtime_ns`, and a
    recorder whose clock was reset writes an old one again; `ctime_ns` they cannot set.
    """

    size_bytes: int
    mtime_ns: int
    inode: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        return cls(status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns)
