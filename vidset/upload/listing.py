"""Find the videos of a folder, by their names."""

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from vidset.uploads import has_video_extension


class Listing:
    """Lists folders, and counts the files that it does not take for videos.

    Args:
        tell: gets what a person should know, once: a path and a text.

    Attributes:
        passed_over: how many files were not taken for videos, by their extension.
    """

    def __init__(self, tell: Callable[[Path, str], None]):
        self._tell = tell
        self._unreadable: set[Path] = set()
        self.passed_over: Counter[str] = Counter()

    def videos(self, folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
        """Yield the videos in a folder and in all folders below, sorted by name in each.

        Each folder is read once, when its turn comes. Hidden files and folders, and links to
        folders, are left out.
        """
        try:
            names, below = self._names(folder)
        except OSError as error:
            self._tell_unreadable(folder, error)
            return
        self._unreadable.discard(folder)
        for name in names:
            path = folder / name
            if name in below:
                yield from self.videos(path)
                continue
            try:
                status = path.stat()
            except FileNotFoundError:
                continue  # It went while we looked.
            except OSError as error:  # A link in circles, a share's own.
                self._tell_unreadable(path, error)
                continue
            self._unreadable.discard(path)
            if stat.S_ISREG(status.st_mode):
                yield path, status

    def _names(self, folder: Path) -> tuple[list[str], set[str]]:
        """Return the sorted names of videos and folders, and which are folders: no more of each.

        A card may have as many files as memory should not hold.
        """
        names, below = [], set[str]()
        with os.scandir(folder) as found:
            for entry in found:
                if entry.name.startswith("."):
                    continue
                try:
                    if entry.is_dir(follow_symlinks=False):
                        below.add(entry.name)
                    elif not has_video_extension(entry.name):
                        if entry.is_file():
                            kind = os.path.splitext(entry.name)[1].lower()
                            self.passed_over[kind or "without extension"] += 1
                        continue
                except OSError as error:
                    self._tell_unreadable(Path(entry.path), error)
                    continue
                names.append(entry.name)
        names.sort()
        return names, below

    def _tell_unreadable(self, path: Path, error: OSError) -> None:
        if path not in self._unreadable:
            self._unreadable.add(path)
            self._tell(path, f"cannot be looked at, for now: {error.strerror}")
