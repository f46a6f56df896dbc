"""Forgets a video in a process of its own, which ends as by `kill -9`. See test_killed.py."""

import multiprocessing
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tests.forgetting.places import A, FakeVendor
from vidset.forgetting import forget as forgetting
from vidset.forgetting.forget import STEPS, Forgetting
from vidset.forgetting.journal import Choice, Journal
from vidset.forgetting.receipt import Receipt
from vidset.project import Project, find_project

# A server that has all imported already starts each process: a fork of the tests' own would have
# their threads' locks.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])
NO_SERVERS: Mapping[str, str] = MappingProxyType({})


def forget_again(place: Path | Project) -> Receipt | None:
    """Do what a person does next: finish what was begun, or begin. None if all was done before."""
    project = place if isinstance(place, Project) else find_project(str(place))
    opened = Forgetting(project, FakeVendor)  # type: ignore[return-value]
    journal = opened.unfinished() or _found(opened)
    return None if journal is None else opened.forget(journal)


def kill_after_step(
    place: Path | Project, number: int, environment: Mapping[str, str] = NO_SERVERS
) -> None:
    """Forget until the end of a step, and be killed there.

    Args:
        environment: tells where emulators are.
    """
    process = _CONTEXT.Process(target=_forget_until, args=(place, number, dict(environment)))
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


def _forget_until(place: Path | Project, number: int, environment: dict[str, str]) -> None:
    os.environ.update(environment)

    def killed(work):
        found = STEPS[number](work)
        if not work.is_dry:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    forgetting.STEPS = (*STEPS[:number], killed, *STEPS[number + 1 :])
    forget_again(place)
