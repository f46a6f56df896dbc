"""Finds the folders in which a server keeps what can be made again."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from vidset.project import Project


def cache_folder(project: Project) -> Path:
    """Return the folder for what can be made again: in the place, else below the user's own."""
    if project.is_folder:
        beside = Path(project.place, "cache", "view")
        with suppress(OSError):
            beside.mkdir(parents=True, exist_ok=True)
            if os.access(beside, os.W_OK) and not beside.is_symlink():
                return beside
    folder = users_cache(project)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def users_cache(project: Project) -> Path:
    """Return the folder of the user's own in which a place's things would be kept."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "vidset" / hashlib.sha256(project.place.encode()).hexdigest()[:32]
