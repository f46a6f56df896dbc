"""The destinations of uploads, behind one interface."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from vidset.upload.pacing import Body
from vidset.upload.source import Digests, Source

Presence = Literal["absent", "same", "unverified", "unknown"]
"""An object is not there; there with our content; there, but without a checksum; or we may
not look."""


@dataclass(frozen=True, slots=True)
class Target:
    """The object that a recording is to become. `name` is relative to the place."""

    name: str
    content_type: str
    metadata: Mapping[str, str]
    size_bytes: int
    digests: Digests


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes [start, end) of a recording; they lie in one block."""

    start: int
    end: int


class Session(Protocol):
    """An upload under way."""

    @property
    def smallest_piece_bytes(self) -> int | None:
        """A piece may be cut at multiples of this; None: it may not be cut."""
        ...

    @property
    def received_bytes(self) -> int:
        """Returns what the store has of the recording, as far as it has said."""
        ...

    def next_piece(self) -> Piece | None:
        """Returns what the store wants next; None when it has everything."""
        ...

    def send(self, piece: Piece, body: Body) -> None: ...

    def finish(self) -> bool:
        """Have the object appear; whether the store's checksum of it was compared with ours.

        Raises:
            UploadFailedError: the two differ.
        """
        ...

    def close(self) -> None:
        """Let go of it on this machine; it can be gone on with."""
        ...


class Destination(Protocol):
    """Any call may raise TransientError, RefusedError and UploadFailedError."""

    @property
    def unasked_bytes(self) -> int:
        """Recordings up to this size are sent without asking first whether they are there.

        They are created only where there is no object, and a request with so few bytes costs no
        more than the question would.
        """
        ...

    def wait_for(self, seconds: float) -> None:
        """Give each answer so long from now on."""
        ...

    def find(self, target: Target) -> Presence:
        """Returns whether the object is there already.

        Raises:
            UploadFailedError: there is one of this name with other content.
        """
        ...

    def open(
        self, target: Target, source: Source, token: str | None, remember: Callable[[str], None]
    ) -> Session:
        """Go on with the session of this token, or begin one.

        Args:
            token: what an earlier process, or attempt, had `remember` keep.
            remember: keeps the token of a new session. It is a credential: whoever has it can
                write this object.

        Raises:
            SessionGoneError: the store has forgotten it (from the session's methods too).
            AlreadyThereError: the object is there (from the session's methods too).
        """
        ...


def next_in_order(offset: int, size_bytes: int, block_bytes: int) -> Piece | None:
    """The rest of the block that `offset` lies in, for stores that take bytes in order."""
    if offset >= size_bytes:
        return None
    return Piece(offset, min(size_bytes, (offset // block_bytes + 1) * block_bytes))
