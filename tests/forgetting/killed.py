"""Forgets a video in a process of its own, which ends as by `kill -9`. See test_killed.py."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

from tests.forgetting.places import A, FakeVendor
from vidset.forgetting import forget as forgetting
from vidset.forgetting.forget import STEPS, Forgetting
from vidset.forgetting.journal import Choice, Journal
from vidset.forgetting.receipt import Receipt
from vidset.project import find_project

# A server that has all imported already starts each process: a fork of the tests' own would have
# their threads' locks.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])


def forget_again(place: Path) -> Receipt | None:
    """Do what a person does next: finish what was begun, or begin. None if all was done before."""
    opened = Forgetting(find_project(str(place)), FakeVendor)  # type: ignore[return-value]
    journal = opened.unfinished() or _found(opened)
    return None if journal is None else opened.forget(journal)


def kill_after_step(place: Path, number: int) -> None:
    """Forget until the end of a step, and be killed there."""
    process = _CONTEXT.Process(target=_forget_until, args=(place, number))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


def kill_after_seconds(place: Path, seconds: float) -> bool:
    """Forget, and be killed meanwhile; whether there still was something to kill."""
    process = _CONTEXT.Process(target=forget_again, args=(place,))
    process.start()
    time.sleep(seconds)
    process.kill()
    process.join()
    return process.exitcode == -signal.SIGKILL


def seconds_of(place: Path) -> float:
    """Forget to the end; how long that took, with the start of the process."""
    began = time.monotonic()
    process = _CONTEXT.Process(target=forget_again, args=(place,))
    process.start()
    process.join()
    assert process.exitcode == 0
    return time.monotonic() - began


def _found(opened: Forgetting) -> Journal | None:
    try:
        return opened.find(Choice((A,)), "eve", keep_source=True)
    except ValueError as error:  # Forgotten to the end.
        if "wanted a video of" not in str(error):
            raise
        return None


def _forget_until(place: Path, number: int) -> None:
    def killed(work):
        found = STEPS[number](work)
        if not work.is_dry:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    forgetting.STEPS = (*STEPS[:number], killed, *STEPS[number + 1 :])
    forget_again(place)
