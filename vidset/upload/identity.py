"""Identifies a file, as far as the file system tells."""

import os
import time
from dataclasses import dataclass
from typing import Self

# What 64 bits hold of a time: years up to 2262. Disks may say any.
_MOST_NS = (1 << 63) - 1
_INODES = 1 << 64
# Clocks that were never set start in 1970 (Unix) or 1980 (FAT), and tell nothing.
_FIRST_SECONDS = 347_155_200.0  # 1981.


@dataclass(frozen=True, slots=True)
class Identity:
    """Tells, without reading a file, that it is the one it was. Each number has 64 bits.

    `ctime_ns` is the time of the last change of any kind. Programs can set `mtime_ns`, and a
    recorder whose clock was reset writes an old one again; `ctime_ns` they cannot set.
    """

    size_bytes: int
    mtime_ns: int
    inode: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        inode = status.st_ino  # Servers of shares make them up, and use all bits.
        return cls(
            status.st_size,
            _fitting(status.st_mtime_ns),
            inode - _INODES if inode > _MOST_NS else inode,
            _fitting(status.st_ctime_ns),
        )

    def age_seconds(self) -> float | None:
        """Returns how long ago the file was changed, by the clocks; None if they tell nothing.

        A time that is still to come, or that of a clock which was never set, says nothing.
        """
        changed = max(self.mtime_ns, self.ctime_ns) / 1e9
        age = time.time() - changed
        return None if age < 0 or changed < _FIRST_SECONDS else age


def _fitting(time_ns: int) -> int:
    return min(max(time_ns, -_MOST_NS), _MOST_NS)
