"""On Ctrl-C and SIGTERM a command stops and says how to go on."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn


@dataclass(slots=True)
class Stop:
    """The way in which a command was told to stop.

    Attributes:
        number: the signal that has come, None so far.
        way_on: what a person does to go on, as a sentence.
    """

    number: int | None = None
    way_on: str = ""

    @property
    def exit_code(self) -> int:
        return 143 if self.number == signal.SIGTERM else 130


_stop = Stop()


def if_stopped(way_on: str) -> None:
    """Set the sentence that is shown if the command is stopped from here on."""
    _stop.way_on = way_on


@contextmanager
def stopped_by_signals() -> Iterator[Stop]:
    """Raise KeyboardInterrupt on the first SIGINT or SIGTERM; a second one ends at once."""
    _stop.number, _stop.way_on = None, ""
    if threading.current_thread() is not threading.main_thread():
        yield _stop
        return
    before = {each: signal.signal(each, _on_signal) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield _stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _on_signal(number: int, _: object) -> NoReturn:
    signal.signal(number, signal.SIG_DFL)
    _stop.number = number
    raise KeyboardInterrupt


def _reset_in_child() -> None:
    """A forked worker ends as any process does: what to say is its parent's matter."""
    for number, default in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGTERM, signal.SIG_DFL),
    ):
        if signal.getsignal(number) is _on_signal:
            signal.signal(number, default)


os.register_at_fork(after_in_child=_reset_in_child)
