"""Records what became of recordings: one record each, and all of them at the end of a run."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

State = Literal["uploaded", "present", "planned", "absent", "different", "unreadable", "failed"]
FAULTS: frozenset[State] = frozenset({"absent", "different", "unreadable", "failed"})
Then = Literal["kept", "deleted", "moved", "later"]


@dataclass(frozen=True, slots=True)
class Record:
    """The outcome of one recording.

    Attributes:
        state: `present` was there before; `planned` is what --dry-run says; `absent` and
            `different` are what --verify finds; `unreadable` was not uploaded because it does not
            decode.
        then: what became of the file on this machine; `later`: it is kept for now.
        sent_bytes: how much was sent for it, with what was sent in vain.
        verified: the store's checksum of the object was compared with the recording's.
        note: why it failed, or what else is to be known.
        actor: who had the file deleted or moved; None if it stayed.
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
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class Uploads:
    """The outcome of a run.

    Attributes:
        states, thens: how many recordings ended in each state, and how their files did here.
        size_bytes: of what was uploaded; `resumed_bytes` of these were sent by earlier runs.
        sent_bytes: how much this run sent, with what was sent in vain.
        passed_over: files that are not named like videos, by extension.
        left: recordings that were named and not reached before the run was stopped.
        records: one for each recording, if the caller wanted them.
    """

    states: Mapping[State, int]
    thens: Mapping[Then, int]
    size_bytes: int
    resumed_bytes: int
    sent_bytes: int
    seconds: float
    passed_over: Mapping[str, int]
    records: Iterable[Record]
    left: Sequence[Path] = ()

    @property
    def has_faults(self) -> bool:
        """Returns whether a recording is not where it should be."""
        return bool(self.left) or any(self.states.get(state) for state in FAULTS)


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
