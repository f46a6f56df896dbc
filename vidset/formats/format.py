"""Annotations as files of other tools: one interface for all formats, and what they share.

A format is a module with `read` and `write`; `registry.format_named` finds it.
"""

import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal, Protocol, TypeVar, get_args

from vidset.labeling.annotation import AnnotationState, Attribute, LabeledObject
from vidset.labeling.timestamps import format_timestamp, parse_timestamp

FormatName = Literal["coco", "label-studio", "labelme", "yolo"]
FORMAT_NAMES: tuple[FormatName, ...] = get_args(FormatName)
SizeOf = Callable[[str], tuple[int, int]]
"""The width and height of an image, by its name."""
_T = TypeVar("_T")
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")
_URI = re.compile(r"^[a-z][a-z0-9+.-]+://")


@dataclass(frozen=True, slots=True)
class ImageLabels:
    """What a file says of one image.

    Attributes:
        image_name: relative, with `/` between its segments; where the format allows, an uri.
        annotator, updated_at: as far as the format tells them.
    """

    image_name: str
    width: int | None
    height: int | None
    objects: tuple[LabeledObject, ...]
    state: AnnotationState = "labeled"
    annotator: str | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """How much `write` wrote; `dropped` is what the format cannot say, by kind."""

    images: int
    objects: int
    dropped: Mapping[str, int] = field(default_factory=dict)


class Format(Protocol):
    def read(self, path: str | Path, size_of: SizeOf | None = None) -> Iterator[ImageLabels]:
        """What the files at `path` say, in a fixed order.

        Args:
            size_of: asked where the files do not tell an image's size, and compared where they do.

        Raises:
            ValueError: with the file and the place in it.
        """
        ...

    def write(
        self,
        labels: Iterable[ImageLabels],
        path: str | Path,
        labels_order: Sequence[str] | None = None,
        *,
        lossy: bool = False,
    ) -> Written:
        """Write all of them; nothing before all have been checked. Memory grows by names alone.

        Annotators, times and object ids are written where the format has a place for them.

        Args:
            labels_order: fixes the numbers of the labels; None: those in use, sorted.
            lossy: leave out what the format cannot say, and count it.

        Raises:
            ValueError: the format cannot say something, with the first object and what to do.
        """
        ...


# What is lost: in the plural, for the counts; and where.
Loss = tuple[str, str]
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
                f"{place}: {format_name} cannot say {what}; take another format, or lossy, "
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


def relative_name(name: str, place: str) -> str:
    """`name` as a path below a folder, without `.` segments.

    Raises:
        ValueError: it leads outside, or no file can have it.
    """
    parts = PurePosixPath(name).parts
    is_absolute = name.startswith("/") or _DRIVE.match(name) or is_uri(name)
    if not parts or is_absolute or ".." in parts or _NOT_IN_NAMES.search(name):
        raise ValueError(f"{place}: wanted a relative file name that stays below, got {name!r}")
    return "/".join(parts)


def is_uri(name: str) -> bool:
    return bool(_URI.match(name))


def read_json(path: Path) -> Any:
    """Raises ValueError: it is not there, or is no JSON."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path}: wanted a JSON file: {error}") from None


def member(parent: Any, key: str, kind: type[_T], place: str) -> _T:
    """A value of a JSON object.

    Raises:
        ValueError: `parent` is no object, or has no such value.
    """
    if not isinstance(parent, dict):
        raise ValueError(f"{place}: wanted an object with {key}, got {str(parent)[:80]!r}")
    value = parent.get(key)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{place}: wanted {key} as {kind.__name__}, got {str(value)[:80]!r}")
    return value


def numbers(value: Any, place: str) -> list[float]:
    """Raises ValueError: it is no list of finite numbers."""
    if isinstance(value, list):
        plain = [n for n in value if isinstance(n, int | float) and not isinstance(n, bool)]
        if len(plain) == len(value) and all(abs(n) < 1e300 and isfinite(n) for n in plain):
            return [float(n) for n in plain]
    raise ValueError(f"{place}: wanted a list of finite numbers, got {str(value)[:80]!r}")


def image_size(
    told: tuple[Any, Any], image_name: str, size_of: SizeOf | None, place: str
) -> tuple[int, int] | tuple[None, None]:
    """The size in a file, or of the image itself; (None, None) when nobody tells.

    Raises:
        ValueError: they differ, or it is no size.
    """
    actual = size_of(image_name) if size_of else None
    if told == (None, None):
        return actual or told
    if not all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in told):
        raise ValueError(f"{place}: wanted a width and a height in pixels, got {told}")
    if actual not in (None, told):
        raise ValueError(f"{place}: wanted {image_name}'s size {actual}, got {told}")
    return told


def attributes_in(value: Any, place: str) -> dict[str, Attribute]:
    """Raises ValueError: it is no object of texts, numbers, booleans and lists of texts."""
    if not isinstance(value, dict):
        raise ValueError(f"{place}: wanted an object with attributes, got {str(value)[:80]!r}")
    for name, given in value.items():
        is_list = isinstance(given, list) and all(isinstance(each, str) for each in given)
        is_number = isinstance(given, float) and isfinite(given)
        if not (is_list or is_number or isinstance(given, str | bool | int)):
            raise ValueError(
                f"{place}: wanted attribute {name} as text, number or list of texts, "
                f"got {str(given)[:80]!r}"
            )
    return value


def free_id(wanted: str, taken: set[str]) -> str:
    """`wanted`, or with a number behind it; it is taken then."""
    number, candidate = 1, wanted
    while candidate in taken:
        number += 1
        candidate = f"{wanted}-{number}"
    taken.add(candidate)
    return candidate
