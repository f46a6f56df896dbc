"""Read other tools' files and match what they say with the images of a place.

Everything is read and checked before anything is stored.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from vidset.formats.format import ImageLabels
from vidset.formats.reading import Kind, Reading, SizeOf
from vidset.formats.registry import format_named
from vidset.labeling.annotation import AnnotationState, Answer
from vidset.labeling.broker import Broker
from vidset.labeling.checking import check_answer
from vidset.labeling.errors import InvalidAnswerError
from vidset.labeling.task import Image
from vidset.local_labeling.image_names import ImageNames
from vidset.local_labeling.storing import VENDOR
from vidset.place import Place


@dataclass(frozen=True, slots=True)
class Import:
    """What is to be taken in; `kind` is annotations or predictions."""

    format_name: str
    path: str
    kind: Kind = "annotations"
    annotator: str | None = None
    skip_unknown: bool = False


def read_labels(
    broker: Broker, place: Place, wanted: Import
) -> tuple[list[tuple[Image, Answer]], int]:
    """Each image with what the files say of it, and how many images the ledger does not have."""
    names = ImageNames((image, place.name_of(image.id, image.uri)) for image in place.images())
    said, now = _read(wanted, names), broker.clock()
    # What comes from another machine can be of tomorrow, by its clock.
    changed_at = min(_changed_at(Path(wanted.path)), now)
    read, unknown = [], 0
    for labels in said:
        if labels.state == "unlabeled":
            continue
        image = names.find(labels.image_name)
        if image is None:
            if not wanted.skip_unknown:
                raise names.unknown(labels.image_name)
            unknown += 1
            continue
        answer = _answer(image, labels, labels.state, wanted.annotator, changed_at)
        try:
            if answer.updated_at > now:
                raise InvalidAnswerError(f"wanted a time up to now, got {answer.updated_at}")
            checked = check_answer(answer, broker.template, image.width, image.height)
        except InvalidAnswerError as error:
            raise ValueError(f"{wanted.path}, {labels.image_name}: {error}") from None
        read.append((image, checked))
    return read, unknown


def _read(wanted: Import, names: ImageNames) -> Iterator[ImageLabels]:
    named = format_named(wanted.format_name)
    # The sizes that the others tell are compared when the answers are checked.
    size_of = _sizes(names, skip_unknown=wanted.skip_unknown) if named.needs_sizes else None
    return named.read(wanted.path, Reading(size_of, wanted.kind))


def _sizes(names: ImageNames, *, skip_unknown: bool) -> SizeOf:
    def size_of(name: str) -> tuple[int, int]:
        image = names.find(name)
        if image and image.width and image.height:
            return image.width, image.height
        if image is None and skip_unknown:
            return 1, 1  # Its objects are not looked at.
        raise names.unknown(name)

    return size_of


def _answer(
    image: Image,
    labels: ImageLabels,
    state: AnnotationState,
    annotator: str | None,
    changed_at: datetime,
) -> Answer:
    who = labels.annotator or annotator or VENDOR
    return Answer(
        image_id=image.id,
        vendor=VENDOR,
        vendor_task_id=None,
        annotation_id=f"{VENDOR}-{image.id}" + (f"-{who}" if who != VENDOR else ""),
        annotator=who,
        state=state,
        objects=labels.objects,
        updated_at=labels.updated_at or changed_at,
        image_width=labels.width,
        image_height=labels.height,
    )


def _changed_at(path: Path) -> datetime:
    """When the file, or the newest below the folder, was changed."""
    try:
        files = [path, *(path.rglob("*") if path.is_dir() else ())]
        newest = max(os.stat(file).st_mtime for file in files if file == path or file.is_file())
    except OSError as error:
        raise ValueError(f"{path}: wanted a file or folder to import: {error.strerror}") from None
    return datetime.fromtimestamp(newest, UTC)
