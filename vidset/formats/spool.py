"""Labels on their way into a format: checked whole before anything is written."""

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import IO

from vidset.formats.format import ImageLabels, Loss, Written
from vidset.labeling.annotation import LabeledObject
from vidset.labeling.timestamps import format_timestamp, parse_timestamp
from vidset.rights import Rights
from vidset.storage.writing import replacing

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


class Spool:
    """Labels that have been checked, in a temporary file: to be read as often as need be.

    Attributes:
        names: of the labels in use.
        types: of the objects, with their number.
        rights: that are stated of the images, in their order, with how many have them.
    """

    def __init__(self, file: IO[str]):
        self._file = file
        self.images = 0
        self.names: set[str] = set()
        self.types: Counter[str] = Counter()
        self.rights: dict[Rights, int] = {}
        self.dropped: Counter[str] = Counter()

    def add(self, labels: ImageLabels) -> None:
        self.images += 1
        self.names.update(item.label for item in labels.objects)
        self.types.update(item.type for item in labels.objects)
        self.rights[labels.rights] = self.rights.get(labels.rights, 0) + 1
        values = {name: getattr(labels, name) for name in labels.__slots__}
        values["objects"] = [item.to_document() for item in labels.objects]
        values["rights"] = labels.rights.to_json()
        values["updated_at"] = labels.updated_at and format_timestamp(labels.updated_at)
        self._file.write(json.dumps(values) + "\n")

    def __iter__(self) -> Iterator[ImageLabels]:
        self._file.seek(0)
        for line in self._file:
            values = json.loads(line)
            values["objects"] = tuple(map(LabeledObject.from_document, values["objects"]))
            values["rights"] = Rights.from_json(values["rights"])
            if values["updated_at"]:
                values["updated_at"] = parse_timestamp(values["updated_at"])
            yield ImageLabels(**values)

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
        missing = sorted(self.names - set(order))
        if missing or len(set(order)) < len(order):
            raise ValueError(f"wanted each label once in the order {order}, missing: {missing}")
        return {label: number for number, label in enumerate(order)}

    def written(self) -> Written:
        return Written(self.images, self.types.total(), dict(self.dropped))


@contextmanager
def spooled(
    labels: Iterable[ImageLabels],
    sayable: Sayable,
    *,
    format_name: str,
    lossy: bool,
    file_of: Callable[[str], str] | None,
) -> Iterator[Spool]:
    """All labels, with what the format can say of them.

    Args:
        file_of: the file, or the entry in one, of an image; None: an image may come repeatedly.

    Raises:
        ValueError: something cannot be said and `lossy` is not set; or two images are one file.
    """
    files: dict[str, str] = {}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        spool = Spool(file)
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
) -> Written:
    """Write a format whose labels are one file, which is replaced at once.

    Args:
        write: gets the file, the labels, and the labels' numbers from 0 in their order.
        survey: looks at all the labels before the file is begun, and may refuse them.
        may_repeat: whether an image may come repeatedly.

    Raises:
        ValueError: as `spooled` and `Spool.label_numbers` say.
    """
    file_of = None if may_repeat else str
    with spooled(labels, sayable, format_name=format_name, lossy=lossy, file_of=file_of) as spool:
        numbers_of = spool.label_numbers(labels_order)
        if survey is not None:
            survey(spool)
        with replacing(path, "w") as file:
            write(file, spool, numbers_of)
        return spool.written()
