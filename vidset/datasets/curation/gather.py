"""Reads, measures and stores what a source offers, and names what cannot be used."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from vidset.datasets.curation.apply import move_object
from vidset.datasets.curation.candidates import CANDIDATES
from vidset.datasets.curation.known_images import KnownImages, Seen
from vidset.datasets.curation.misfit import misfit
from vidset.datasets.curation.sources.source import Fault, Found, Kind
from vidset.datasets.errors import DatasetError
from vidset.datasets.images.measures import SCHEMA as MEASURES
from vidset.datasets.images.measures import Measures, measure
from vidset.datasets.images.upright import lying_to_upright, read_upright
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.objects import normalized
from vidset.datasets.versions.repository import Repository
from vidset.picture_headers import check_picture
from vidset.threads import in_order

# Decoding and hashing let go of Python's lock; reading from a bucket waits most of the time.
_AT_ONCE = 8
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

    def keep(found: Found, seen: Seen) -> None:
        nonlocal number
        if fault := _fault(found, seen):
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
        for taken in in_order(lambda one: _take(one, repository), unread(), _AT_ONCE):
            if isinstance(taken, Fault):
                faults.append(taken)
                continue
            each, measured = taken
            known.learn(each, measured.image_sha256)
            is_new = measured.image_sha256 not in used and measured.image_sha256 not in known
            keep(each, Seen.of(measured))
            if is_new and measured.image_sha256 in used:
                measures.add({name: getattr(measured, name) for name in MEASURES.names})
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


def _take(found: Found, repository: Repository) -> tuple[Found, Measures] | Fault:
    """Read an image and store it, unless something is wrong with it."""
    try:
        data = found.read()
        measures = measure(data, found.image_uri)
    except FileNotFoundError:
        return Fault(Kind.NO_IMAGE, found.image_uri, "there is no such file")
    except (OSError, DatasetError) as error:
        what = str(error).removeprefix(f"{found.image_uri}: ")
        return Fault(Kind.UNREADABLE, found.image_uri, what)
    found = _upright(found, measures, data)
    if _fault(found, Seen.of(measures)) is None:
        repository.put_image(data, measures.image_format)
    return found, measures


def _fault(found: Found, seen: Seen) -> Fault | None:
    if found.image_sha256 not in (None, seen.image_sha256):
        what = f"wanted the bytes of {found.image_sha256}, got {seen.image_sha256}"
        return Fault(Kind.CHANGED, found.image_uri, what)
    wrong = misfit(found, seen.width, seen.height)
    return Fault(Kind.MISFIT, found.image_uri, wrong) if wrong else None


def _upright(found: Found, measures: Measures, data: bytes) -> Found:
    """The labels turned like the image, where they are of the image as it lies in its file.

    EXIF data say that it is stored on its side, and the labels' size says that they are, too.
    """
    size = measures.width, measures.height
    if found.size is None or found.size == size or found.size != size[::-1]:
        return found
    check_picture(data, found.image_uri)
    _, orientation = read_upright(np.frombuffer(data, np.uint8))
    moved = lying_to_upright(orientation, *found.size)
    if moved is None:
        return found
    objects = found.objects
    if objects is not None:
        turned = (move_object(thing, moved, size) for thing in objects)
        objects = [thing for thing in turned if thing is not None]
    return replace(found, objects=objects, size=size)


def _row(found: Found, seen: Seen) -> dict[str, Any]:
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
