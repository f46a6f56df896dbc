"""Reads files of other tools: what is left out is counted, and what is wrong is named."""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any, Literal, TypeVar

from vidset import json_files
from vidset.labeling.annotation import Attribute, LabeledObject, Ring
from vidset.regular_files import read_regular, text_of

SizeOf = Callable[[str], tuple[int, int]]
"""Returns the width and height of an image, by its name."""
Kind = Literal["annotations", "predictions"]
_T = TypeVar("_T")
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")
_URI = re.compile(r"^[a-z][a-z0-9+.-]+://")
_MOST_FAULTS = 100_000
# More in one image are no work of people; they would fill the memory.
MOST_OBJECTS = 100_000
_WORDS = {str: "a text", int: "a whole number", list: "a list", dict: "an object", bool: "a flag"}


class TooManyFaultsError(ValueError):
    """So many faults are no mistakes in labels: the files are none, and would fill the memory."""


@dataclass(slots=True)
class Reading:
    """The way in which files are read, and what was left out while they were.

    Attributes:
        size_of: asked where the files do not tell an image's size, and compared where they do.
        kind: whether people's annotations are wanted, or a model's predictions.
        lossy: leave out objects that an annotation cannot say, and count them in `dropped`;
            without it they are faults.
        crowds: take COCO's crowds as objects with the attribute `iscrowd`; without it they are
            dropped as what an annotation cannot hold.
        columns: what the columns of CSV are: our names by those of the first row; or a list of ours
            in the order of the columns, for files without such a row.
        results_of: the COCO file whose images and categories a list of results is about.
        collects: put faults into `faults` and go on, without the image that has them; without it
            the first fault is raised.
        dropped: how often each kind of thing was left out, in the plural: "circles".
        faults: what is wrong, a sentence each, with the file and the place in it.
    """

    size_of: SizeOf | None = None
    kind: Kind = "annotations"
    lossy: bool = False
    crowds: bool = False
    columns: Mapping[str, str] | Sequence[str] = ()
    results_of: Path | None = None
    collects: bool = False
    dropped: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def drop(self, what: str, place: str, hint: str = "") -> None:
        """Leave out an object, and count it.

        Args:
            hint: what else can be done about it, for the message.

        Raises:
            ValueError: nothing may be left out.
        """
        if not self.lossy:
            raise ValueError(
                f"{place}: an annotation cannot hold {what}; {hint}--lossy leaves them out and "
                "counts them"
            )
        self.dropped[what] += 1

    def leave_out(self, what: str) -> None:
        """Count what stands beside an object, such as its keypoints, and cannot be kept."""
        self.dropped[what] += 1

    @contextmanager
    def part(self) -> Iterator[None]:
        """Read one part of a file. A fault in it ends the part, and the whole only by choice."""
        try:
            yield
        except TooManyFaultsError:
            raise
        except ValueError as error:
            if not self.collects:
                raise
            if len(self.faults) >= _MOST_FAULTS:
                raise TooManyFaultsError(
                    f"{error}; {_MOST_FAULTS:,} faults were found before, and the rest was not read"
                ) from None
            self.faults.append(str(error))

    def whole(self, read: Callable[[], _T]) -> Iterator[_T]:
        """Yield what `read` returns. With a fault in it nothing is: no image is taken by halves."""
        before, found = len(self.faults), []
        with self.part():
            found.append(read())
        if len(self.faults) == before:
            yield from found


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


def relative_or_uri(name: str, place: str) -> str:
    """Raises ValueError: it is neither a uri nor a path that stays below."""
    return name if is_uri(name) else relative_name(name, place)


def told_name(name: Any, place: str) -> str:
    """The path of an image as a file of another tool tells it, below a folder that is not known.

    A drive, a root and what leads upwards belong to the machine that wrote it, and are left out;
    names are compared with those that are there. A uri stays as it is.

    Raises:
        ValueError: it is no name.
    """
    if not isinstance(name, str) or _NOT_IN_NAMES.search(name):
        raise ValueError(f"{place}: wanted a file name, got {str(name)[:80]!r}")
    if is_uri(name):
        return name
    if "/" not in name or _DRIVE.match(name):  # A file that was written on Windows.
        name = _DRIVE.sub("", name).replace("\\", "/")
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    if not parts:
        raise ValueError(f"{place}: wanted a file name, got {name!r}")
    return "/".join(parts)


def leads_elsewhere(name: str) -> bool:
    """Returns whether a path begins at a root, or above its file's folder: on another machine."""
    told = name.replace("\\", "/")
    return bool(_DRIVE.match(name)) or told.startswith("/") or is_above(normpath(told))


def is_above(path: str) -> bool:
    """Returns whether a normalised relative path leads out of the folder that it begins in."""
    return path == ".." or path.startswith("../")


def is_uri(name: str) -> bool:
    return bool(_URI.match(name))


def read_json(path: Path) -> Any:
    """Read a file of labels. Raises ValueError: it is not there, or is no JSON."""
    return json_files.read_json(path, "labels")


def read_text(path: Path, what: str) -> str:
    """Read a text file: UTF-8, or UTF-16 where it begins with its mark.

    Raises:
        ValueError: it cannot be read, or is in another encoding; with the line.
    """
    try:
        data = read_regular(path)
    except OSError as failure:
        raise ValueError(f"{path}: wanted {what}: {failure.strerror}") from None
    return text_of(data, str(path), what)


def member(parent: Any, key: str, kind: type[_T], place: str) -> _T:
    """A value of a JSON object.

    Raises:
        ValueError: `parent` is no object, or has no such value.
    """
    if not isinstance(parent, dict):
        raise ValueError(f"{place}: wanted an object with {key}, got {str(parent)[:80]!r}")
    value = parent.get(key)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        got = "nothing" if value is None else repr(value)[:80]
        raise ValueError(f"{place}: wanted {key} as {_WORDS[kind]}, got {got}")
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


def together(objects: Iterable[tuple[Hashable | None, LabeledObject]]) -> Iterator[LabeledObject]:
    """Yield polygons of one key as one object of several rings, in the place of the first.

    Args:
        objects: each with its key; None for what stays alone.
    """
    told = list(objects)
    rings: dict[Hashable, list[Ring]] = {}
    for key, item in told:
        if key is not None:
            rings.setdefault(key, []).extend(item.rings or ())
    for key, item in told:
        if key is None:
            yield item
        elif key in rings:
            yield replace(item, rings=tuple(rings.pop(key)))


def free_id(wanted: str, taken: set[str]) -> str:
    """`wanted`, or with a number behind it; it is taken then.

    The number is found by halving, since a file may hold tens of thousands of equal ids.
    """
    if wanted not in taken:
        taken.add(wanted)
        return wanted
    last_taken, free = 1, 2
    while f"{wanted}-{free}" in taken:
        last_taken, free = free, 2 * free
    while free - last_taken > 1:
        middle = (last_taken + free) // 2
        if f"{wanted}-{middle}" in taken:
            last_taken = middle
        else:
            free = middle
    candidate = f"{wanted}-{free}"
    taken.add(candidate)
    return candidate
