"""`vidset label import`: other tools' files as annotations or as predictions.

Everything is read and checked before anything is stored.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from vidset.cli.console import counting, say
from vidset.cli.label.names import ImageNames, format_name
from vidset.cli.label.storing import VENDOR, store_annotations, store_predictions
from vidset.formats.format import ImageLabels, SizeOf
from vidset.formats.registry import format_named
from vidset.labeling.annotation import Answer
from vidset.labeling.broker import Broker, open_broker
from vidset.labeling.checking import check_answer
from vidset.labeling.errors import InvalidAnswerError
from vidset.labeling.task import Image
from vidset.place import Place


@dataclass(frozen=True, slots=True)
class Import:
    """What is to be taken in; `kind` is annotations or predictions."""

    format_name: str
    path: str
    kind: str = "annotations"
    annotator: str | None = None
    skip_unknown: bool = False


def run_import(place: Place, wanted: Import, *, as_json: bool, quiet: bool) -> int:
    """Raises ValueError: bad usage, or a file, an image or a label is not as it should be;
    nothing has been stored.
    """
    broker = open_broker(place.settings("inspect"))
    with counting("Importing", show=not (quiet or as_json)) as show:
        read, unknown = read_labels(broker, place, wanted)
        store = store_annotations if wanted.kind == "annotations" else store_predictions
        counts = store(broker, read, show)
    found = {what: counts[what] for what in ("stored", "repeated")} | {"unknown": unknown}
    if as_json:
        print(json.dumps({"images": len({image.id for image, _ in read}), **found}))
    elif not quiet:
        each = ", ".join(f"{number} {what}" for what, number in found.items() if number)
        say(f"{wanted.kind} of {wanted.path}: {each or 'none'}")
    return 0


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
        image = names.find(labels.image_name)
        if image is None:
            if not wanted.skip_unknown:
                raise names.unknown(labels.image_name)
            unknown += 1
            continue
        answer = _answer(image, labels, wanted.annotator, changed_at)
        try:
            if answer.updated_at > now:
                raise InvalidAnswerError(f"wanted a time up to now, got {answer.updated_at}")
            checked = check_answer(answer, broker.template, image.width, image.height)
        except InvalidAnswerError as error:
            raise ValueError(f"{wanted.path}, {labels.image_name}: {error}") from None
        read.append((image, checked))
    return read, unknown


def _read(wanted: Import, names: ImageNames) -> Iterator[ImageLabels]:
    name = format_name(wanted.format_name)
    if name == "label-studio" and wanted.kind == "predictions":
        from vidset.formats.label_studio import read_predictions

        return read_predictions(wanted.path)
    # The sizes that the others tell are compared when the answers are checked.
    size_of = _sizes(names, skip_unknown=wanted.skip_unknown) if name == "yolo" else None
    return format_named(name).read(wanted.path, size_of)


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
    image: Image, labels: ImageLabels, annotator: str | None, changed_at: datetime
) -> Answer:
    who = labels.annotator or annotator or VENDOR
    return Answer(
        image_id=image.id,
        vendor=VENDOR,
        vendor_task_id=None,
        annotation_id=f"{VENDOR}-{image.id}" + (f"-{who}" if who != VENDOR else ""),
        annotator=who,
        state=labels.state,
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
