"""One recording to one object, whatever happens on the way."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from vidset.upload.destination import Destination, Target
from vidset.upload.errors import (
    AlreadyThereError,
    SessionGoneError,
    TransientError,
    UploadFailedError,
)
from vidset.upload.pacing import Body, Pace
from vidset.upload.patience import Patience
from vidset.upload.source import Source
from vidset.upload.state import State

# How often the store may lose all that it had of one recording.
_MAX_RESTARTS = 3


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a recording became an object.

    Attributes:
        state: `present` if it was one before.
        is_verified: the store's own checksum of the object is that of the recording.
        resumed_bytes: what an earlier run had sent, and this one did not have to.
    """

    state: Literal["uploaded", "present"]
    is_verified: bool
    resumed_bytes: int


@dataclass(slots=True)
class Delivering:
    """A delivery under way.

    Attributes:
        report: gets the bytes that are there at first, and then what is sent, bit by bit.
    """

    uri: str
    target: Target
    source: Source
    destination: Destination
    state: State
    pace: Pace
    patience: Patience
    report: Callable[[int], None]
    _resumed_bytes: int | None = field(default=None, init=False)
    _most_bytes: int = field(default=0, init=False)
    _is_sent: bool = field(default=False, init=False)
    _is_refused: bool = field(default=False, init=False)

    def run(self) -> Delivery:
        """Have the object there, once, with the recording's bytes.

        Raises:
            UploadFailedError: it cannot be had.
            RefusedError: the destination takes nothing.
        """
        restarts = 0
        while True:
            try:
                return self._attempt()
            except TransientError as error:
                self.patience.wait(error)
                continue
            except AlreadyThereError:
                self._is_refused, self._is_sent = True, False  # It became somebody else's.
                why = "an object is there, and then it is not"
            except SessionGoneError as error:
                why = str(error)
            self.state.forget_token(self.uri)
            restarts += 1
            if restarts > _MAX_RESTARTS:
                raise UploadFailedError(f"it had to be begun {restarts} times: {why}")

    def _attempt(self) -> Delivery:
        presence = self.destination.find(self.target)
        if presence == "same":
            return self._delivered(is_verified=True)
        # We may create but not look: that creating it was refused tells that it is there.
        if presence == "unverified" or (presence == "unknown" and self._is_refused):
            return self._delivered(is_verified=False)
        token = self.state.token(self.uri)
        session = self.destination.open(self.target, self.source, token, self._remember)
        try:
            if self._resumed_bytes is None:
                self._resumed_bytes = self._most_bytes = session.received_bytes
                self.report(session.received_bytes)
            if session.received_bytes > self._most_bytes:  # Of a block that broke off, too.
                self._most_bytes = session.received_bytes
                self.patience.progressed()
            while (piece := session.next_piece()) is not None:
                data = self.source.read(piece.start, piece.end, self.target.digests)
                self._is_sent = piece.end == self.target.size_bytes
                session.send(piece, Body(data, self.pace, self.report))
                self.patience.progressed()
            self.source.check()
            self._is_sent = True
            return self._delivered(is_verified=session.finish())
        finally:
            session.close()

    def _remember(self, token: str) -> None:
        self.state.keep_token(self.uri, token)

    def _delivered(self, *, is_verified: bool) -> Delivery:
        self.state.forget_token(self.uri)
        state = "uploaded" if self._is_sent else "present"
        return Delivery(state, is_verified, self._resumed_bytes or 0)
