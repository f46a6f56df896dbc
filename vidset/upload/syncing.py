"""Make the disk keep what was written, so that a loss of power does not undo it."""

import errno
import os
from pathlib import Path

# What file systems say that cannot sync a folder (CIFS, some of FUSE's): their server does it.
_UNABLE = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF})


def sync_folder(folder: Path) -> None:
    """Have the names in this folder outlive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNABLE:
            raise
    finally:
        os.close(descriptor)


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
