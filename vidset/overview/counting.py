"""Counts what the ledgers of a place hold, or takes what was counted of the same files before."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from typing import Any

from vidset.ledger.stamps import list_stamps
from vidset.ledger.totals import keep_totals, read_totals
from vidset.troubles import CollectorDay

_OF_VIDEO = ("video_uri", "status", "error")
_OF_DAY = ("collector_id", "uploaded_at")


@dataclass(frozen=True, slots=True)
class FailedVideo:
    """A video that gave no image, or only a part of its samples."""

    video_uri: str
    status: str
    error: str


@dataclass(frozen=True, slots=True)
class LedgerCounts:
    """The counts that an overview needs of the ledgers.

    Attributes:
        videos: numbers by status.
        failed: those that are partial or failed.
        reasons: numbers of samples by reason, "kept" among them.
        days: the same, by collector and day.
    """

    videos: Mapping[str, int]
    failed: list[FailedVideo]
    reasons: Mapping[str, int]
    days: list[CollectorDay]

    @classmethod
    def of(
        cls,
        videos: Iterable[Mapping[str, Any]],
        reasons: Mapping[str, int],
        days: list[CollectorDay],
    ) -> "LedgerCounts":
        """Count rows of videos, of each of which video_uri, status and error are looked at."""
        statuses: Counter[str] = Counter()
        failed = []
        for row in videos:
            statuses[row["status"]] += 1
            if row["status"] != "done":
                failed.append(FailedVideo(row["video_uri"], row["status"], row["error"] or ""))
        return cls(dict(statuses), failed, dict(reasons), days)

    def to_json(self) -> dict[str, Any]:
        return {
            "videos": self.videos,
            "failed": list(map(astuple, self.failed)),
            "reasons": self.reasons,
            "days": list(map(astuple, self.days)),
        }

    @classmethod
    def from_json(cls, data: Any) -> "LedgerCounts | None":
        """Return what `to_json` gave; None where it is something else."""
        try:
            return cls(
                {str(name): int(number) for name, number in data["videos"].items()},
                [FailedVideo(*map(str, each)) for each in data["failed"]],
                {str(name): int(number) for name, number in data["reasons"].items()},
                [
                    CollectorDay(str(collector), str(day), {str(k): int(v) for k, v in of.items()})
                    for collector, day, of in data["days"]
                ],
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            return None


def count_ledgers(place: str) -> LedgerCounts:
    """Count what the ledgers of a place hold; videos come in the order of their files' names.

    Raises:
        ValueError: a file is no ledger.
    """
    stamps = list_stamps(place)
    if not stamps:
        return LedgerCounts({}, [], {}, [])
    known = LedgerCounts.from_json(read_totals(place, stamps))
    if known is not None:
        return known
    # What it takes to read them takes a third of a second to load.
    from vidset.ledger.packing import leave_packs
    from vidset.ledger.rows import LedgerRows

    ledgers = LedgerRows(place, stamps)
    rows = {
        key: row
        for each in ledgers.videos([*_OF_VIDEO, *_OF_DAY])
        for key, row in zip(each.keys, each.table.to_pylist(), strict=True)
    }
    total: Counter[str] = Counter()
    days: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for key, reasons in ledgers.reasons([k for k, s in ledgers.stamps.items() if s.frames]):
        total.update(reasons)
        of = rows[key]
        if of["collector_id"] is not None and of["uploaded_at"] is not None:
            days[of["collector_id"], of["uploaded_at"].date().isoformat()].update(reasons)
    leave_packs(place, ledgers)
    counts = LedgerCounts.of(
        (rows[key] for key in ledgers.stamps),
        total,
        [CollectorDay(*each, dict(reasons)) for each, reasons in days.items()],
    )
    keep_totals(place, stamps, counts.to_json())
    return counts
