"""Make the disk keep what was written, so that a loss of power does not undo it."""

from pathlib import Path

from vidset.storage.writing import sync_folder


def sync_names(path: Path, root: Path) -> None:
    """Have the name `path` outlive a loss of power, with all folders from `root` down to it.

    A folder that was just made is itself a name in the folder above.
    """
    folder = path.parent
    while True:
        sync_folder(folder)
        if folder in (root, folder.parent):
            return
        folder = folder.parent
