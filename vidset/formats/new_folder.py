"""A folder that appears when it is whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from vidset.storage.writing import refuse_link, remove_tree


@contextmanager
def new_folder(destination: str, marker: str, *, overwrite: bool) -> Iterator[Path]:
    """A folder to write into, which becomes `destination` when the block ends without an error.

    Until then it is `.<name>.unfinished` beside it. After an error nothing is left; what a killed
    process left, the next one removes. A link that stands there is refused, and never followed.

    Args:
        marker: a file that the block writes; only what has it is replaced by `overwrite`.

    Raises:
        ValueError: there is something already, another process is at work, no folder can be
            made there, or a link stands in the way.
    """
    if "://" in destination:
        raise ValueError(f"{destination}: wanted a folder of this machine")
    target = Path(os.path.abspath(destination))
    unfinished, replaced = (
        target.with_name(f".{target.name}.{state}") for state in ("unfinished", "replaced")
    )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for path in unfinished, replaced:
            refuse_link(path)
        unfinished.mkdir(exist_ok=True)
        descriptor = os.open(unfinished, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise ValueError(f"{target}: no folder can be made here: {error.strerror}") from None
    try:
        _lock(descriptor, unfinished, target)
        try:
            _restore(replaced, target)
            _check(target, marker, overwrite=overwrite)
            _clear(unfinished)
            yield unfinished
            if os.path.lexists(target):
                os.rename(target, replaced)
            os.rename(unfinished, target)
        except BaseException:
            remove_tree(unfinished)
            _restore(replaced, target)
            raise
        remove_tree(replaced)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, unfinished: Path, target: Path) -> None:
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
        is_there = os.path.samestat(os.fstat(descriptor), os.lstat(unfinished))
    except (BlockingIOError, FileNotFoundError):  # At work, or done since we looked.
        is_there = False
    if not is_there:
        raise ValueError(f"{target}: another process is writing it")


def _check(target: Path, marker: str, *, overwrite: bool) -> None:
    if not os.path.lexists(target) or (target.is_dir() and not any(target.iterdir())):
        return
    if not overwrite:
        raise ValueError(f"{target} is there already; --overwrite replaces an earlier export")
    if target.is_symlink() or not (target / marker).is_file():
        raise ValueError(
            f"{target}: wanted an earlier export to overwrite, got no folder with {marker}"
        )


def _restore(replaced: Path, target: Path) -> None:
    """Restores what a process that was killed between two renames left."""
    if replaced.exists():
        if os.path.lexists(target):
            remove_tree(replaced)
        else:
            os.rename(replaced, target)


def _clear(folder: Path) -> None:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            remove_tree(entry.path)
        else:
            os.unlink(entry.path)
