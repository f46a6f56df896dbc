"""Labels on their way into a format: checked whole before anything is written."""

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from vidset.formats.format import ImageLabels, Loss, Written
from vidset.labeling.annotation import LabeledObject
from vidset.labeling.timestamps import format_timestamp, parse_timestamp

# What a format can say of an image (None: nothing), and what is lost by it.
Sayable = Callable[[ImageLabels], tuple[ImageLabels | None, Sequence[Loss]]]


class Spool:
    """Labels that have been checked, in a temporary file: to be read as often as need be.

    Attributes:
        names: of the labels in use.
        types: of the objects, with their number.
    """

    def __init__(self, file: IO[str]):
        self._file = file
        self.images = 0
        self.names: set[str] = set()
        self.types: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()

    def add(self, labels: ImageLabels) -> None:
        self.images += 1
        self.names.update(item.label for item in labels.objects)
        self.types.update(item.type for item in labels.objects)
        values = {name: getattr(labels, name) for name in labels.__slots__}
        values["objects"] = [item.to_document() for item in labels.objects]
        values["updated_at"] = labels.updated_at and format_timestamp(labels.updated_at)
        self._file.write(json.dumps(values) + "\n")

    def __iter__(self) -> Iterator[ImageLabels]:
        self._file.seek(0)
        for line in self._file:
            values = json.loads(line)
            values["objects"] = tuple(map(LabeledObject.from_document, values["objects"]))
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
        """From 0.

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
