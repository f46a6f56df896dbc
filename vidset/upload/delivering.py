"""One recording to one object, whatever happens on the way."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from vidset.upload.destination import Destination, Piece, Presence, Session, Target
from vidset.upload.errors import (
    AlreadyThereError,
    GaveUpError,
    RefusedError,
    SessionGoneError,
    SessionRefusedError,
    TimedOutError,
    TransientError,
    UploadFailedError,
)
from vidset.upload.link import Link
from vidset.upload.pacing import Body, Pace
from vidset.upload.patience import Patience
from vidset.upload.source import Source
from vidset.upload.state import State

# How often the store may lose all that it had of one recording.
_MAX_RESTARTS = 3
# After so many refusals in a row by a store that answers, a new session is tried: once.
_REFUSALS_BEFORE_RENEWAL = 4
# What may be sent of one recording, as a multiple of its size, and for small ones in bytes.
_MOST_SENT = 2
_MOST_SENT_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Delivery:
    """The way in which a recording became an object.

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
        why_not: why nothing may be written to the destination now; None: it may.
        sent_bytes: how much has left this machine, with what was sent in vain.
    """

    uri: str
    place: str
    target: Target
    source: Source
    destination: Destination
    state: State
    pace: Pace
    patience: Patience
    report: Callable[[int], None]
    why_not: Callable[[], str | None]
    sent_bytes: int = field(default=0, init=False)
    _resumed_bytes: int | None = field(default=None, init=False)
    _most_bytes: int = field(default=0, init=False)
    _is_in_session: bool = field(default=False, init=False)
    _is_sending: bool = field(default=False, init=False)
    _is_renewed: bool = field(default=False, init=False)
    _is_sent: bool = field(default=False, init=False)
    _is_refused: bool = field(default=False, init=False)
    _is_tried: bool = field(default=False, init=False)

    def run(self) -> Delivery:
        """Have the object there, once, with the recording's bytes.

        Raises:
            UploadFailedError: it cannot be had. GaveUpError if it may be had later.
            RefusedError: the destination does not take it.
        """
        restarts = 0
        self.destination.wait_for(self._link.timeout_seconds)
        while True:
            try:
                return self._attempt()
            except TransientError as error:
                if isinstance(error, TimedOutError) and (self._is_in_session or self._is_sending):
                    self._slow_down()
                self.patience.wait(error)
                if not self._has_to_renew(error):
                    continue
                why = str(error)
            except AlreadyThereError:
                self._is_refused, self._is_sent = True, False  # It became somebody else's.
                why = "an object is there, and then it is not"
            except (RefusedError, SessionRefusedError) as error:
                if not self._is_in_session or getattr(error, "is_final", False):
                    raise
                self.state.forget_token(self.uri)
                if self._is_renewed:
                    raise UploadFailedError(
                        f"a second upload is refused as well: {error}"
                    ) from None
                self._is_renewed = True
                why = str(error)
            except SessionGoneError as error:
                why = str(error)
            self.state.forget_token(self.uri)
            restarts += 1
            if restarts > _MAX_RESTARTS:
                raise UploadFailedError(f"it had to be begun {restarts} times: {why}")

    def _has_to_renew(self, error: TransientError) -> bool:
        """Returns whether a new session is needed, once: the store refuses this one."""
        is_stuck = error.is_answer and self.patience.attempts >= _REFUSALS_BEFORE_RENEWAL
        if self._is_renewed or not (self._is_in_session and is_stuck):
            return False
        self._is_renewed = True
        return True

    def _attempt(self) -> Delivery:
        self._is_in_session = self._is_sending = False
        self._check_place()
        presence = self._presence()
        if presence == "same":
            return self._delivered(is_verified=True)
        # We may create but not look: that creating it was refused tells that it is there.
        if presence == "unverified" or (presence == "unknown" and self._is_refused):
            return self._delivered(is_verified=False)
        token = self.state.token(self.uri)
        self._is_in_session = token is not None
        session = self.destination.open(self.target, self.source, token, self._remember)
        self._is_in_session = self.state.token(self.uri) is not None
        try:
            if self._resumed_bytes is None:
                self._resumed_bytes = self._most_bytes = session.received_bytes
                self.report(session.received_bytes)
            self._look(session)  # It may have more of a block that broke off.
            while (piece := session.next_piece()) is not None:
                piece = self._small(session, piece)
                self._check_sent(piece)
                data = self.source.read(piece.start, piece.end, self.target.digests)
                self._is_sent = piece.end == self.target.size_bytes
                self._is_sending = True  # Small recordings are sent without a session.
                session.send(piece, Body(data, self.pace, self._count))
                self._is_sending = False
                self._look(session)
            self.source.check()
            self._check_place()
            self._is_sent = True
            return self._delivered(is_verified=session.finish())
        finally:
            session.close()

    def _presence(self) -> Presence:
        """Ask for the object, unless creating it is as quick a way to hear that it is there."""
        is_first, self._is_tried = not self._is_tried, True
        if is_first and self.target.size_bytes <= self.destination.unasked_bytes:
            return "absent"
        return self.destination.find(self.target)

    def _check_place(self) -> None:
        if reason := self.why_not():
            raise TransientError(reason)

    def _look(self, session: Session) -> None:
        """Only what the store never had before is progress: it may fall back again and again."""
        if session.received_bytes > self._most_bytes:
            self._most_bytes = session.received_bytes
            self.patience.progressed()

    def _check_sent(self, piece: Piece) -> None:
        """Data plans are paid by the byte: what is sent in vain has a bound.

        Raises:
            GaveUpError: it would be passed.
        """
        size = self.target.size_bytes
        most = max(_MOST_SENT * size, _MOST_SENT_BYTES)
        if self.sent_bytes + (piece.end - piece.start) > most:
            raise GaveUpError(
                f"{self.sent_bytes:,} bytes were sent of a recording of {size:,}, and the store "
                f"has {self._most_bytes:,}: given up for now"
            )

    def _count(self, size: int) -> None:
        self.sent_bytes += size
        self.report(size)

    @property
    def _link(self) -> Link:
        return self.state.link(self.place)

    def _small(self, session: Session, piece: Piece) -> Piece:
        """No more at once than this link has been able to carry."""
        least = session.smallest_piece_bytes
        if least is None:
            return piece
        size = max(self._link.piece_bytes // least * least, least)
        return Piece(piece.start, min(piece.end, piece.start + size))

    def _slow_down(self) -> None:
        link = self._link.slower()
        self.state.keep_link(self.place, link)
        self.destination.wait_for(link.timeout_seconds)

    def _remember(self, token: str) -> None:
        self.state.keep_token(self.uri, token)

    def _delivered(self, *, is_verified: bool) -> Delivery:
        self.state.forget_token(self.uri)
        state = "uploaded" if self._is_sent else "present"
        return Delivery(state, is_verified, self._resumed_bytes or 0)
