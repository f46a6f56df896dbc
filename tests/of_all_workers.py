"""What the workers of one run of tests share: whoever needs it first makes or starts it."""

import atexit
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

_VARIABLE = "VIDSET_TESTS_FOLDER"


def made_once(name: str, make: Callable[[Path], object]) -> Path:
    """Return a file of this name that `make` wrote, here or in another worker. It is only read."""
    path = _folder() / name
    if not path.exists():
        with _locked(name):
            if not path.exists():
                unfinished = path.with_name(f"unfinished-{name}")
                make(unfinished)
                unfinished.rename(path)
    return path


def started_once(name: str, start: Callable[[Path, int], object]) -> Path:
    """Return the folder of a process that `start` has started, here or in another worker.

    It is given the folder, and the number of the process with which what it starts has to end.
    """
    folder = _folder() / name
    is_started = folder.with_suffix(".started")
    with _locked(name):
        if not is_started.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            start(folder, int((_folder() / "owner").read_text()))
            is_started.touch()
    return folder


def make_folder() -> None:
    """Make the folder of this run, for whichever processes are started from here on."""
    folder = Path(tempfile.mkdtemp(prefix="vidset-tests-"))
    owner = os.getpid()
    (folder / "owner").write_text(str(owner))

    def remove() -> None:
        if os.getpid() == owner:  # Not in a fork of the owner.
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    os.environ[_VARIABLE] = str(folder)


def is_running(number: int) -> bool:
    """Return whether there is a process with this number."""
    with suppress(ProcessLookupError):
        os.kill(number, 0)
        return True
    return False


@cache
def _folder() -> Path:
    if _VARIABLE not in os.environ:  # Whoever calls us is no test.
        make_folder()
    return Path(os.environ[_VARIABLE])


@contextmanager
def _locked(name: str) -> Iterator[None]:
    with (_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
