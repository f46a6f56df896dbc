"""Tells on which disk a folder lies: a folder whose disk is away looks like an empty folder."""

import io
import os
import re
import select
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

# Other machines may write there, and leases and /proc know nothing of them.
_REMOTE = (
    *("nfs", "cifs", "smb", "9p", "afs", "ceph", "fuse", "glusterfs", "lustre", "ncp", "coda"),
    *("virtiofs", "vboxsf", "vmhgfs", "prl_fs", "ocfs2", "gfs2", "gpfs", "beegfs", "orangefs"),
)
# Spaces, tabs, newlines and backslashes in the names of mount points.
_ESCAPED = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system that a folder lies on, and where it is mounted."""

    device: int
    mount_point: Path

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Raises OSError if there is no such folder."""
        device = folder.stat().st_dev
        place = folder.resolve()
        while not os.path.ismount(place) and place != place.parent:
            place = place.parent
        return cls(device, place)


class Disks:
    """The disks of the folders that a run writes to, as they were when it began.

    Args:
        known: where each folder's disk was mounted when an earlier run used it, if any.
    """

    def __init__(self, folders: Iterable[Path], known: Callable[[Path], Path | None]):
        self._then = {folder: Disk.of(folder) for folder in folders}
        self._away: dict[Path, Path] = {}
        # The folders themselves: to find out where a disk is mounted takes many looks.
        self._found: dict[Path, tuple[int, int]] = {}
        for folder, disk in self._then.items():
            before = known(folder)
            # Deeper than now: a folder of that name, on the disk below, is what is left of it.
            if before not in (None, disk.mount_point) and before.is_relative_to(disk.mount_point):
                self._away[folder] = before

    def mount_points(self) -> dict[Path, Path]:
        """Returns where each folder's disk is, to be remembered, unless the disk is away."""
        return {f: disk.mount_point for f, disk in self._then.items() if f not in self._away}

    def changed(self, folder: Path) -> str | None:
        """Returns why nothing may be written to this folder: its disk was taken away or exchanged.

        None if all is well, or if the folder is none of ours.
        """
        if folder not in self._then:
            return None
        try:
            status = folder.stat()
            if self._found.get(folder) == (status.st_dev, status.st_ino):
                return None
            now = Disk.of(folder)
        except OSError as error:
            return f"{folder}: {error.strerror}"
        reason = self._compare(folder, now)
        if reason is None:
            self._found[folder] = status.st_dev, status.st_ino
        return reason

    def _compare(self, folder: Path, now: Disk) -> str | None:
        if (point := self._away.get(folder)) is not None:
            if now.mount_point != point:
                return f"{folder}: its disk, mounted at {point} before, is not there"
            del self._away[folder]
            self._then[folder] = now
        then = self._then[folder]
        if now.mount_point != then.mount_point:
            return f"{folder}: its disk, mounted at {then.mount_point}, is not there"
        if now.device != then.device:
            return f"{folder}: another disk is mounted at {now.mount_point} than at the start"
        return None


def is_remote(path: str | os.PathLike[str]) -> bool:
    """Returns whether the path is known to lie on a network's or a program's file system."""
    return _kind(os.path.realpath(path)).startswith(_REMOTE)


class Mounts:
    """The mount points, which are read again only once something was mounted or taken away."""

    def __init__(self, path: str = "/proc/self/mountinfo"):
        self._path, self._found = path, list[tuple[str, str]]()
        self._file: io.TextIOWrapper | None = None
        self._changes = select.poll() if hasattr(select, "poll") else None

    def all(self) -> list[tuple[str, str]]:
        """Return each mount point and the type of its file system; none without `/proc`."""
        try:
            if self._file is None:
                self._file = open(self._path, encoding="utf-8", errors="surrogateescape")  # noqa: SIM115
                if self._changes is not None:
                    self._changes.register(self._file, select.POLLPRI | select.POLLERR)
            elif self._changes is not None and not self._changes.poll(0):  # See proc(5), mounts.
                return self._found
            self._file.seek(0)
            self._found = _parse(self._file.read())
        except OSError:
            return []
        return self._found


_mounts = Mounts()


def _kind(path: str) -> str:
    """The file system's type, from the longest mount point above `path`."""
    best, kind = "", ""
    for point, each in _mounts.all():
        is_above = path == point or path.startswith(point.rstrip("/") + "/")
        if is_above and len(point) >= len(best):
            best, kind = point, each
    return kind


def _parse(text: str) -> list[tuple[str, str]]:
    found = []
    for line in text.split("\n"):  # Names may have what else ends a line of text.
        before, is_mount, after = line.partition(" - ")
        if is_mount:
            point = _ESCAPED.sub(lambda match: chr(int(match[1], 8)), before.split(" ")[4])
            found.append((point, after.split(" ")[0]))
    return found
