"""Find the videos of a folder, by their names."""

import os
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
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            self._tell_unreadable(folder, error)
            return
        self._unreadable.discard(folder)
        while entries:
            entry = entries.pop()
            if entry.name.startswith("."):
                continue
            path = Path(entry.path)
            try:
                if entry.is_dir(follow_symlinks=False):
                    yield from self.videos(path)
                elif not entry.is_file():
                    continue
                elif has_video_extension(entry.name):
                    status = entry.stat()
                    self._unreadable.discard(path)
                    yield path, status
                else:
                    self.passed_over[path.suffix.lower() or "without extension"] += 1
            except FileNotFoundError:
                continue  # It went while we looked.
            except OSError as error:  # A link in circles, a share's own.
                self._tell_unreadable(path, error)

    def _tell_unreadable(self, path: Path, error: OSError) -> None:
        if path not in self._unreadable:
            self._unreadable.add(path)
            self._tell(path, f"cannot be looked at, for now: {error.strerror}")
