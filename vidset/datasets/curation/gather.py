"""Reads, measures and stores what a source offers, and names what cannot be used."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from vidset.datasets.curation.candidates import CANDIDATES
from vidset.datasets.curation.known_images import KnownImages, Seen
from vidset.datasets.curation.sources.source import Fault, Found, Kind
from vidset.datasets.curation.taking import fault_of, take
from vidset.datasets.images.measures import SCHEMA as MEASURES
from vidset.datasets.images.measures import Measures
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.objects import normalized
from vidset.datasets.versions.repository import Repository

_CHUNK_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Gathered:
    """Attributes:
    images: `CANDIDATES`, in no order.
    measures: vidset.datasets.images.measures's, each image once.
    faults: sorted.
    """

    images: pa.Table
    measures: pa.Table
    faults: list[Fault]


def gather(
    source: Iterable[Found | Fault],
    repository: Repository,
    labels: frozenset[str] | None,
    progress: Callable[[int], None],
    known: KnownImages,
) -> Gathered:
    """Read each image once, unless it is known. Memory grows by rows, never by images.

    Args:
        labels: those that may be; None: all.
        progress: told how many are done, now and then.
    """
    faults: list[Fault] = []
    images, measures = _Rows(CANDIDATES), _Rows(MEASURES)
    used: set[str] = set()
    number = 0

    def keep(found: Found, seen: Seen | Measures) -> None:
        nonlocal number
        if fault := fault_of(found, seen):
            faults.append(fault)
        else:
            images.add(_row(found, seen))
            used.add(seen.image_sha256)
        number += 1
        if number % 100 == 0:
            progress(number)

    def unread() -> Iterator[Found]:
        for each in source:
            if isinstance(each, Fault):
                faults.append(each)
            elif unknown := _unknown_label(each, labels):
                faults.append(unknown)
            elif seen := known.find(each):
                keep(each, seen)
            else:
                yield each

    try:
        for taken in take(unread(), repository, known):
            if isinstance(taken, Fault):
                faults.append(taken)
                continue
            each, seen = taken
            known.learn(each, seen.image_sha256)
            is_new = seen.image_sha256 not in used and seen.image_sha256 not in known
            keep(each, seen)
            if is_new and seen.image_sha256 in used:
                measures.add({name: getattr(seen, name) for name in MEASURES.names})
    finally:
        known.save()
    every = pa.concat_tables([known.measures(used), measures.table()])
    return Gathered(images.table(), every, sorted(faults))


def _unknown_label(found: Found, labels: frozenset[str] | None) -> Fault | None:
    if labels is None:
        return None
    said = {found.label} if found.label is not None else set()
    said |= {thing["label"] for thing in found.objects or ()}
    unknown = sorted(said - labels)
    return Fault(Kind.UNKNOWN_LABEL, found.image_uri, ", ".join(unknown)) if unknown else None


def _row(found: Found, seen: Seen | Measures) -> dict[str, Any]:
    return {
        "image_sha256": seen.image_sha256,
        "image_uri": found.image_uri,
        "image_format": seen.image_format,
        "width": seen.width,
        "height": seen.height,
        "label": found.label,
        "objects": _objects(found),
        "group": found.group,
        "split": found.split,
        "origin": found.origin or seen.image_sha256,
        "source": found.source,
        "collector_id": found.collector_id,
        "video_uri": found.video_uri,
        "pts_seconds": found.pts_seconds,
        "rights": found.rights.to_json(),
    }


def _objects(found: Found) -> str | None:
    """The objects as text. The warehouse keeps ids for good; other files number them again."""
    if found.objects is None:
        return None
    return to_json(found.objects if found.source == "warehouse" else normalized(found.objects))


class _Rows:
    """Rows that become a table; as Arrow they take a tenth of what they take as dicts."""

    def __init__(self, schema: pa.Schema):
        self._schema = schema
        self._batches: list[pa.RecordBatch] = []
        self._rows: list[dict[str, Any]] = []

    def add(self, row: dict[str, Any]) -> None:
        self._rows.append(row)
        if len(self._rows) == _CHUNK_ROWS:
            self._pack()

    def table(self) -> pa.Table:
        self._pack()
        return pa.Table.from_batches(self._batches, self._schema)

    def _pack(self) -> None:
        self._batches.append(pa.RecordBatch.from_pylist(self._rows, self._schema))
        self._rows = []
