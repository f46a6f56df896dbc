"""Holds back what is asked of a place that is just being read; the page itself is served."""

import asyncio
import threading
from types import TracebackType

from starlette.types import ASGIApp, Receive, Scope, Send

_LOOK_SECONDS = 0.01


class Reading:
    """A context in which a thread reads the place, once. Others wait for its end."""

    def __init__(self, *, is_over: bool):
        self._is_over = threading.Event()
        self._failure: BaseException | None = None
        if is_over:
            self._is_over.set()

    def __enter__(self) -> None:
        """Nothing is asked yet."""

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        self._failure = error
        self._is_over.set()

    @property
    def is_over(self) -> bool:
        return self._is_over.is_set()

    def wait(self) -> None:
        """Wait until the place is read, or cannot be."""
        self._is_over.wait()

    def waited_for(self, app: ASGIApp) -> ASGIApp:
        """Let an application answer when the place is read.

        Where reading has failed, every question raises what it raised.
        """

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            while not self.is_over:
                await asyncio.sleep(_LOOK_SECONDS)
            if self._failure is not None:
                raise self._failure
            await app(scope, receive, send)

        return answer
