"""Listens to FFmpeg while it decodes: it tells some damage in words alone."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from av import logging as av_logging
from av.packet import Packet
from av.video.frame import VideoFrame

Decode = Callable[[Packet | None], list[VideoFrame]]


def heard(decode: Decode, packet: Packet | None) -> tuple[list[VideoFrame], list[str]]:
    """Return the frames that come out with a packet, and the errors that FFmpeg tells of.

    Raises:
        FFmpegError: the decoder gives nothing.
    """
    with _LISTENING, av_logging.Capture() as messages:
        frames = decode(packet)
    errors = [message for level, _, message in messages if level <= av_logging.ERROR]
    return frames, [error.strip() for error in errors]


class _Listening(AbstractContextManager[None]):
    """Lets FFmpeg's errors reach who captures those of a thread.

    PyAV has one setting for all threads of a process. What it was is put back when no thread needs
    another, so that an application's own choice stays; errors of threads that did not ask for any
    go nowhere meanwhile.
    """

    def __init__(self):
        self._lock, self._count = threading.Lock(), 0
        self._level: int | None = None
        self._skips_repeated = True
        self._of_others = av_logging.Capture(local=False)

    def __enter__(self) -> None:
        with self._lock:
            if not self._count:
                self._level = av_logging.get_level()
                self._skips_repeated = bool(av_logging.get_skip_repeated())
                if self._level is None:
                    self._of_others.__enter__()
                av_logging.set_level(max(self._level or av_logging.ERROR, av_logging.ERROR))
                av_logging.set_skip_repeated(False)  # They are counted.
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._count -= 1
            self._of_others.logs.clear()
            if not self._count:
                if self._level is None:
                    self._of_others.__exit__(None, None, None)
                av_logging.set_skip_repeated(self._skips_repeated)
                av_logging.set_level(self._level)


_LISTENING = _Listening()
