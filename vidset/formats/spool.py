"""Labels on their way into a format: checked whole before anything is written."""

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from functools import wraps
from operator import attrgetter, is_
from pathlib import Path
from typing import IO, Any

from vidset.formats.format import ImageLabels, Loss, Written
from vidset.labeling.annotation import Box, LabeledObject
from vidset.labeling.timestamps import format_timestamp, parse_timestamp
from vidset.rights import Rights
from vidset.storage.writing import replacing

# Labels go through the file as lists of their fields: as objects with names they take far longer.
_NAMES = [each.name for each in fields(ImageLabels)]
_FIELDS_OF = attrgetter(*_NAMES)
_OBJECTS, _RIGHTS, _UPDATED_AT, _SPLITS = map(
    _NAMES.index, ("objects", "rights", "updated_at", "splits")
)

# What a format can say of an image (None: nothing), and what is lost by it.
Sayable = Callable[[ImageLabels], tuple[ImageLabels | None, Sequence[Loss]]]


def of_labeled_images(sayable: Sayable) -> Sayable:
    """Takes labeled images alone, for a format that can say nothing of any other state."""

    @wraps(sayable)
    def of_any(labels: ImageLabels) -> tuple[ImageLabels | None, Sequence[Loss]]:
        if labels.state != "labeled":
            return None, [(f"{labels.state} images", f"image {labels.image_name!r}")]
        return sayable(labels)

    return of_any


def known_size(labels: ImageLabels, format_name: str) -> tuple[int, int]:
    """The image's width and height. Raises ValueError: they are not known."""
    if labels.width is None or labels.height is None:
        raise ValueError(
            f"image {labels.image_name!r}: {format_name} wants its width and height, got none"
        )
    return labels.width, labels.height


def with_sayable(
    labels: ImageLabels, image_name: str, objects: Sequence[LabeledObject]
) -> ImageLabels:
    """The labels under a name and with what a format can say of their objects.

    Where nothing is another, they are the same labels: most are, and copies take time.
    """
    are_same = len(objects) == len(labels.objects) and all(map(is_, objects, labels.objects))
    if image_name == labels.image_name and are_same:
        return labels
    return replace(labels, image_name=image_name, objects=tuple(objects))


def _packed(item: LabeledObject) -> Any:
    """Return what JSON takes: a list of a box's or a word's fields, or else a document."""
    if item.rings or item.mask:
        return item.to_document()
    box = item.box and (item.box.x, item.box.y, item.box.width, item.box.height, item.box.angle)
    return item.id, item.label, item.type, box, dict(item.attributes)


def _unpacked(packed: Any) -> LabeledObject:
    if isinstance(packed, dict):
        return LabeledObject.from_document(packed)
    id_, label, kind, box, attributes = packed
    return LabeledObject(id_, label, kind, box and Box(*box), attributes=attributes)


class Spool:
    """Labels that have been checked, in a temporary file: to be read as often as need be.

    Attributes:
        objects: how many there are.
        names: of the labels in use, numbered as they came.
        types: of the objects, with their number.
        rights: that are stated of the images, numbered as they came.
    """

    def __init__(self, file: IO[str], line_of: "LineOf"):
        self._file, self._line_of = file, line_of
        self.images = self.objects = 0
        self.names: dict[str, int] = {}
        self.types: Counter[str] = Counter()
        self.rights: dict[Rights, int] = {}
        self.dropped: Counter[str] = Counter()

    def add(self, labels: ImageLabels) -> None:
        self.rights.setdefault(labels.rights, len(self.rights))
        for item in labels.objects:
            self.names.setdefault(item.label, len(self.names))
            self.types[item.type] += 1
        self._file.write(self._line_of(labels, self) + "\n")
        self.images += 1
        self.objects += len(labels.objects)

    def lines(self) -> Iterator[str]:
        """Yield what the format has made of each image's labels, in their order."""
        self._file.seek(0)
        for line in self._file:
            yield line[:-1]

    def __iter__(self) -> Iterator[ImageLabels]:
        """Yield the labels of each image, if the format keeps them as `as_fields` does."""
        for line in self.lines():
            values = json.loads(line)
            values[_OBJECTS] = tuple(map(_unpacked, values[_OBJECTS]))
            values[_RIGHTS] = Rights.from_json(values[_RIGHTS])
            values[_SPLITS] = tuple(values[_SPLITS])
            if values[_UPDATED_AT]:
                values[_UPDATED_AT] = parse_timestamp(values[_UPDATED_AT])
            yield ImageLabels(*values)

    def lose(self, loss: Loss, *, format_name: str, lossy: bool, number: int = 1) -> None:
        """Count what is dropped. Raises ValueError: nothing may be."""
        what, place = loss
        if not lossy:
            raise ValueError(
                f"{place}: {format_name} cannot say {what}; take another format, or --lossy, "
                "which leaves them out and counts them"
            )
        self.dropped[what] += number

    def label_numbers(self, labels_order: Sequence[str] | None) -> dict[str, int]:
        """Numbers the labels from 0.

        Raises:
            ValueError: a label is not in the order, or twice.
        """
        order = sorted(self.names) if labels_order is None else list(labels_order)
        missing = sorted(self.names.keys() - set(order))
        if missing or len(set(order)) < len(order):
            raise ValueError(f"wanted each label once in the order {order}, missing: {missing}")
        return {label: number for number, label in enumerate(order)}

    def written(self) -> Written:
        return Written(self.images, self.objects, dict(self.dropped))


# What a format keeps of an image's labels: a text without a line break. The spool has those before.
LineOf = Callable[[ImageLabels, Spool], str]


def as_fields(labels: ImageLabels, _before: Spool) -> str:
    """Keep all that the labels say, so that a spool can yield them again."""
    values = list(_FIELDS_OF(labels))
    values[_OBJECTS] = list(map(_packed, labels.objects))
    values[_RIGHTS] = labels.rights.to_json()
    values[_UPDATED_AT] = labels.updated_at and format_timestamp(labels.updated_at)
    return json.dumps(values)


@contextmanager
def spooled(
    labels: Iterable[ImageLabels],
    sayable: Sayable,
    *,
    format_name: str,
    lossy: bool,
    file_of: Callable[[str], str] | None,
    line_of: LineOf = as_fields,
) -> Iterator[Spool]:
    """All labels, with what the format can say of them.

    Args:
        file_of: the file, or the entry in one, of an image; None: an image may come repeatedly.
        line_of: what is kept of them; a format that is one text need not read them again.

    Raises:
        ValueError: something cannot be said and `lossy` is not set; or two images are one file.
    """
    files: dict[str, str] = {}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        spool = Spool(file, line_of)
        for each in labels:
            remaining, losses = sayable(each)
            for loss in losses:
                spool.lose(loss, format_name=format_name, lossy=lossy)
            if remaining is None:
                continue
            target = file_of(remaining.image_name) if file_of else ""
            if target in files:
                raise ValueError(
                    f"images {files[target]!r} and {each.image_name!r}: wanted a place for each "
                    f"in {format_name}, got {target!r} for both"
                )
            if file_of:
                files[target] = each.image_name
            spool.add(remaining)
        yield spool


def write_file(
    labels: Iterable[ImageLabels],
    path: str | Path,
    labels_order: Sequence[str] | None,
    write: Callable[[IO[str], Spool, dict[str, int]], None],
    sayable: Sayable,
    *,
    format_name: str,
    lossy: bool,
    survey: Callable[[Spool], None] | None = None,
    may_repeat: bool = False,
    line_of: LineOf = as_fields,
) -> Written:
    """Write a format whose labels are one file, which is replaced at once.

    Args:
        write: gets the file, the labels, and the labels' numbers from 0 in their order.
        survey: looks at all the labels before the file is begun, and may refuse them.
        may_repeat: whether an image may come repeatedly.
        line_of: as in `spooled`.

    Raises:
        ValueError: as `spooled` and `Spool.label_numbers` say.
    """
    file_of = None if may_repeat else str
    with spooled(
        labels, sayable, format_name=format_name, lossy=lossy, file_of=file_of, line_of=line_of
    ) as spool:
        numbers_of = spool.label_numbers(labels_order)
        if survey is not None:
            survey(spool)
        with replacing(path, "w") as file:
            write(file, spool, numbers_of)
        return spool.written()
