"""A WSGI application over HTTP in this process, which nobody can tie up by being slow.

waitress reads a request to its end before a thread takes it, and sends the answer from a buffer:
who is slow costs a socket, not a thread. What it does not bound is bounded here: how long a request
may take to come, how long an answer may take to go, and who has to leave when all sockets are
taken.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher
from waitress.wasyncore import close_all, loop

_LOOK_SECONDS = 1  # How often the limits are looked at.


@dataclass(frozen=True)
class Limits:
    """The limits of what callers may take of a server."""

    threads: int = 8
    connections: int = 256
    silent_seconds: float = 30  # Neither a byte comes nor one goes.
    request_seconds: float = 60  # From a request's first byte to its last.
    answer_seconds: float = 600  # The same of an answer.
    header_bytes: int = 64 << 10
    body_bytes: int = 64 << 20


class _Channel(HTTPChannel):
    """A connection, which knows since when the caller lets us wait."""

    def __init__(self, *args: Any, **kwargs: Any):
        self.waits_since: float | None = time.monotonic()  # For a request; None while we work.
        self.sends_since: float | None = None
        super().__init__(*args, **kwargs)

    def readable(self) -> bool:
        return not cast(_Server, self.server).ending and super().readable()

    def received(self, data: bytes) -> bool:
        idle = self.request is None
        taken = super().received(data)
        if self.requests:
            self.waits_since = None
        elif idle:  # The first bytes of a request, of which more are to come.
            self.waits_since = time.monotonic()
        return taken

    def look(self, now: float, limits: Limits) -> None:
        """Close the connection if one of the limits is passed. Called from time to time."""
        busy, sending = bool(self.requests), bool(self.total_outbufs_len)
        self.sends_since = (self.sends_since or now) if sending else None
        self.waits_since = None if busy or sending else self.waits_since or now
        silent = time.time() - self.last_activity > limits.silent_seconds
        if (
            (silent and (sending or not busy))
            or (self.request is not None and _since(self.waits_since, now) > limits.request_seconds)
            or _since(self.sends_since, now) > limits.answer_seconds
        ):
            self.handle_close()


def _since(time_: float | None, now: float) -> float:
    return 0 if time_ is None else now - time_


class _Server(TcpWSGIServer):
    """All connections of one socket."""

    channel_class = _Channel
    ending = False

    def __init__(self, app: Callable[..., Any], limits: Limits, **kwargs: Any):
        self.limits = limits
        self.sockets: dict[int, Any] = {}
        super().__init__(app, map=self.sockets, **kwargs)

    def handle_accept(self) -> None:
        """Take a connection; when there are too many, the one leaves that lets us wait longest."""
        super().handle_accept()
        waiting = [channel for channel in self._channels() if channel.waits_since is not None]
        if len(self._channels()) > self.limits.connections and waiting:
            min(waiting, key=lambda channel: channel.waits_since or 0).handle_close()

    def maintenance(self, now: float) -> None:
        for channel in self._channels():
            channel.look(time.monotonic(), self.limits)

    def serve_until(self, ended: threading.Event) -> None:
        """Serve; at the end the requests that are there are answered, and no other is read."""
        while not ended.is_set() or self._busy():
            if ended.is_set() and not self.ending:
                self.ending, self.accepting = True, False
            loop(timeout=_LOOK_SECONDS, use_poll=True, map=self.sockets, count=1)
        self.task_dispatcher.shutdown()
        close_all(self.sockets)

    def _busy(self) -> bool:
        return any(channel.requests or channel.total_outbufs_len for channel in self._channels())

    def _channels(self) -> list[_Channel]:
        return list(cast(dict[int, _Channel], self.active_channels).values())


@contextmanager
def serving_http(
    app: Callable[..., Any], listening: socket.socket, limits: Limits | None = None
) -> Iterator[None]:
    """Serve until the block ends, in threads of this process.

    Args:
        listening: is closed at the end.
    """
    limits = limits or Limits()
    settings = Adjustments(
        sockets=[listening],
        threads=limits.threads,
        # Of waitress: the server and the trigger count, and room for whom `handle_accept` lets go.
        connection_limit=limits.connections + 16,
        cleanup_interval=_LOOK_SECONDS,
        max_request_header_size=limits.header_bytes,
        max_request_body_size=limits.body_bytes,
        inbuf_overflow=64 << 10,  # Longer bodies wait in a file.
        clear_untrusted_proxy_headers=False,  # They are read to refuse, never to believe.
        log_socket_errors=False,
        ident="vidset",
    )
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # Waiting is what the queue is for.
    dispatcher = ThreadedTaskDispatcher()
    dispatcher.set_thread_count(limits.threads)
    server = _Server(
        app,
        limits,
        _sock=listening,
        dispatcher=dispatcher,
        adj=settings,
        sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
        bind_socket=False,
    )
    ended = threading.Event()
    thread = threading.Thread(target=server.serve_until, args=(ended,))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        server.pull_trigger()
        thread.join()
