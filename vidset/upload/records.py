"""What became of recordings: one record each, and all of them at the end of a run."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

State = Literal["uploaded", "present", "planned", "absent", "different", "unreadable", "failed"]
FAULTS: frozenset[State] = frozenset({"absent", "different", "unreadable", "failed"})
Then = Literal["kept", "deleted", "moved", "later"]


@dataclass(frozen=True, slots=True)
class Record:
    """What became of one recording.

    Attributes:
        state: `present` was there before; `planned` is what --dry-run says; `absent` and
            `different` are what --verify finds; `unreadable` was not uploaded because it does not
            decode.
        then: what became of the file on this machine; `later`: it is kept for now.
        sent_bytes: how much was sent for it, with what was sent in vain.
        verified: the store's checksum of the object was compared with the recording's.
        note: why it failed, or what else is to be known.
    """

    file: str
    state: State
    uri: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    seconds: float = 0.0
    resumed_bytes: int = 0
    verified: bool = False
    note: str | None = None
    then: Then = "kept"
    sent_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Uploads:
    """What a run did.

    Attributes:
        passed_over: files that are not named like videos, by extension.
        left: recordings that were named and not reached before the run was stopped.
    """

    records: Sequence[Record]
    seconds: float
    passed_over: Mapping[str, int]
    left: Sequence[Path] = ()

    @property
    def has_faults(self) -> bool:
        """Whether a recording is not where it should be."""
        return bool(self.left) or any(each.state in FAULTS for each in self.records)

    def number(self, state: State) -> int:
        """Return how many recordings ended in a state."""
        return sum(each.state == state for each in self.records)

    def put_away(self, then: Then) -> int:
        """Return for how many recordings the file on this machine ended so."""
        return sum(each.then == then for each in self.records)


class Listener(Protocol):
    """Hears at once what a run does. The command line shows it; other callers may ignore it."""

    def tell(self, path: Path, text: str) -> None:
        """Hear something about a file that a person should know."""
        ...

    def show(self, record: Record) -> None:
        """Hear what became of a recording."""
        ...

    def progress(
        self, path: Path, what: str, total: int
    ) -> AbstractContextManager[Callable[[int], None]]:
        """Follow a long step on a file of `total` bytes; what is yielded takes the bytes done."""
        ...
