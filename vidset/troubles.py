"""Tells what is wrong with a place beside its videos: label answers, versions, collectors.

Nothing is computed here that takes long: what needs a look at images or at a whole manifest is what
`dataset create` and `dataset check` have written down.
"""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from vidset.datasets.versions.checks import Found, read_checks
from vidset.documents.sqlite import SqliteDocuments

DRIFT = 0.15
"""By so much a share of a collector's samples has to change to be told, as a share of 1."""

_NAMED = 10
_FEWEST_DAYS, _BEFORE = 4, 0.75
_SHORT_ID = 12


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of thing that is wrong.

    Attributes:
        kind: quarantine, anomalies, leaks, unchecked or drift.
        what: a sentence with the count.
        names: the first ten, each with what is wrong with it.
        command: what says more of it.
    """

    kind: str
    count: int
    what: str
    names: list[str]
    command: str


@dataclass(frozen=True, slots=True)
class CollectorDay:
    """The samples of a collector's videos that were uploaded on one day (UTC), by reason."""

    collector: str
    day: str
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Drift:
    """A share of a collector's samples that changed.

    Attributes:
        measure: blurred, too dark or bright, near duplicates.
        before, now: the shares, of 1, until and in the last quarter of the collector's days.
    """

    collector: str
    measure: str
    before: float
    now: float

    def __str__(self) -> str:
        return f"{self.collector}: {self.measure} {self.before:.1%} before, {self.now:.1%} now"


_MEASURES: Mapping[str, Sequence[str]] = {
    "blurred": ("blurred",),
    "too dark or bright": ("dark", "bright"),
    "near duplicates": ("near_duplicate",),
}


def find_drifts(days: Iterable[CollectorDay]) -> list[Drift]:
    """Find the collectors of whom a share of the last quarter of days differs from that before.

    Collectors with fewer than four days are left out.
    """
    with_samples = [day for day in days if sum(day.reasons.values())]
    found = []
    for collector, of in groupby(
        sorted(with_samples, key=lambda each: (each.collector, each.day)),
        key=lambda each: each.collector,
    ):
        all_days = list(of)
        if len(all_days) < _FEWEST_DAYS:
            continue
        cut = int(len(all_days) * _BEFORE)
        for measure, reasons in _MEASURES.items():
            before, now = (_share(some, reasons) for some in (all_days[:cut], all_days[cut:]))
            if abs(now - before) >= DRIFT:
                found.append(Drift(collector, measure, before, now))
    return found


def _share(days: Sequence[CollectorDay], reasons: Sequence[str]) -> float:
    samples = sum(sum(day.reasons.values()) for day in days)
    return sum(day.reasons.get(each, 0) for day in days for each in reasons) / samples


def drift_troubles(drifts: Sequence[Drift]) -> Iterator[Trouble]:
    """Yield the trouble that collectors drift, if any do."""
    collectors = list(dict.fromkeys(each.collector for each in drifts))
    if collectors:
        many = _many(len(collectors), "collector drifts", "collectors drift")
        sql = "SELECT * FROM collector_scorecard ORDER BY collector_id, day"
        yield Trouble(
            "drift",
            len(collectors),
            f"{many}: a share of the last samples differs by {100 * DRIFT:.0f} points or more",
            [str(each) for each in drifts[:_NAMED]],
            f"vidset sql {shlex.quote(sql)}",
        )


def quarantine_troubles(documents: SqliteDocuments) -> Iterator[Trouble]:
    """Yield the trouble that answers of vendors cannot be used, if there are any."""
    number, first = documents.quarantined(_NAMED)
    if number:
        many = _many(number, "label answer", "label answers")
        yield Trouble(
            "quarantine",
            number,
            f"{many} could not be used",
            [f"{name}, {vendor}: {reason}" for name, vendor, reason in first],
            "vidset label quarantine",
        )


def version_troubles(
    root: Path, id_: str, name: str | None, details: Mapping[str, Any]
) -> Iterator[Trouble]:
    """Yield what was found wrong with a version, or that nobody has looked.

    Args:
        root: of the repository.
        details: what version.json says; it has the leaks that were let stay.

    Raises:
        DatasetError: the record of what was found is damaged.
    """
    called = name or id_[:_SHORT_ID]
    word = shlex.quote(called)
    checks = read_checks(root, id_)
    if checks.anomalies is None or checks.leaks is None:
        unknown = "leaks and anomalies" if checks.leaks is None else "anomalies"
        yield Trouble(
            "unchecked",
            1,
            f"Version {called} was not checked for {unknown}",
            [called],
            f"vidset dataset check {word}",
        )
    leaks = checks.leaks
    if leaks is None and isinstance(told := details.get("leaks"), list):
        leaks = Found.of(list(map(str, told)))
    if leaks and leaks.count:
        many = _many(leaks.count, "leak or contradiction", "leaks and contradictions")
        said = f"Version {called} has {many}: images in several splits, or with unequal labels"
        named = leaks.named[:_NAMED]
        yield Trouble("leaks", leaks.count, said, named, f"vidset dataset check {word} --leaks")
    if checks.anomalies and checks.anomalies.count:
        many = _many(checks.anomalies.count, "anomaly", "anomalies")
        yield Trouble(
            "anomalies",
            checks.anomalies.count,
            f"Version {called} has {many}: things that the schema does not expect",
            checks.anomalies.named[:_NAMED],
            f"vidset dataset check {word} --schema",
        )


def _many(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"
