"""Finds the images and label files of a YOLO dataset: Ultralytics, Roboflow and CVAT differ.

Paths of another machine are looked for below the dataset; nothing outside of it is read.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

from vidset.formats.finding import files_below, is_of_macos
from vidset.formats.reading import Reading, is_above, leads_elsewhere, read_text, told_name
from vidset.formats.splits import TRAIN, split_named, told_splits
from vidset.formats.yolo_settings import keypoints, labels_in, read_settings, settings_file
from vidset.formats.yolo_writing import ORIGINS, TASK, label_file_of
from vidset.regular_files import open_regular

_SPLITS = ("train", "val", "test")
_ALL = "images"
_LISTS = re.compile(r"(train|val|valid|test|images|classes|predefined_classes)\.txt")
_A_LABEL = re.compile(r"\s*[-+.\deE]+(\s+[-+.\deEnaif]+){4,}\s*")
_A_SPLIT = re.compile(r"(train|val|test)\w*", re.IGNORECASE)
# fmt: off
_IMAGES = frozenset({
    ".bmp", ".dng", ".heic", ".jpeg", ".jpg", ".mpo", ".pfm", ".png", ".tif", ".tiff", ".webp",
})
# fmt: on


@dataclass(frozen=True, slots=True)
class Listed:
    """An image of a dataset.

    Attributes:
        image: its path below the root; without its extension where only its labels are there.
        label_file: the path of its labels, which may not exist.
        is_elsewhere: whether a list names it by a path of another machine.
        splits: see `vidset.formats.format.ImageLabels`.
    """

    image: str
    label_file: str
    is_elsewhere: bool = False
    splits: tuple[str, ...] = ()


@dataclass(slots=True)
class Dataset:
    """A dataset.

    Attributes:
        labels: the classes by number.
        task: the kind of the dataset, where vidset wrote it.
        keypoints: how many numbers of each line are keypoints.
    """

    root: Path
    labels: Mapping[int, str]
    task: str | None = None
    keypoints: int = 0
    images: list[Listed] = field(default_factory=list)


def open_dataset(path: Path, reading: Reading) -> Dataset:
    """Find the images and label files of the folder or settings file at `path`.

    Raises:
        ValueError: there are no settings, or something in them is wrong; with the place.
    """
    file = settings_file(path)
    root, settings = path if path.is_dir() else file.parent, read_settings(file)
    found = Dataset(root, labels_in(settings, file), settings.get(TASK), keypoints(settings, file))
    found.images += _listed(root, file, settings, reading)
    return found


def _listed(
    root: Path, file: Path, settings: Mapping[str, Any], reading: Reading
) -> Iterator[Listed]:
    base = _base(root, settings.get("path"))
    parts = {split: _several(settings[split]) for split in _SPLITS if settings.get(split)}
    parts = parts or {_ALL: [_ALL if (root / _ALL).is_dir() else "."]}
    sides = _sides(parts)
    images: dict[str, Listed] = {}
    lists, missing = {file.resolve()}, []
    for split, entries in parts.items():
        for entry in entries:
            place = f"{file}: {split}"
            found = _part(root, base, entry, lists)
            if found is None:
                missing.append((place, split, entry))
                continue
            for each in found:
                other = images.setdefault(each.label_file, each)
                if other.image != each.image:
                    raise ValueError(f"{place}: {each.image} and {other.image} have one label file")
                if (side := sides[split]) and side not in other.splits:
                    images[each.label_file] = replace(other, splits=(*other.splits, side))
    for each in _unlisted(root, images, lists, reading):
        images[each.label_file] = each
    if missing and not images:
        place, _, entry = missing[0]
        raise ValueError(
            f"{place}: wanted a folder or a list of images, got nothing at {root / base / entry}"
        )
    for _, split, _ in missing:
        reading.leave_out(f"parts of the dataset that are not there ({split})")
    is_split = told_splits(split for each in images.values() for split in each.splits)
    yield from (each if is_split else replace(each, splits=()) for each in images.values())


def _several(entries: Any) -> list[str]:
    return [*map(str, entries)] if isinstance(entries, list) else [str(entries)]


def _sides(parts: Mapping[str, list[str]]) -> dict[str, str | None]:
    """The split that each part is. None where the images to train on are also to be validated on:
    nobody has split them then. A later part of the same images is the earlier one.
    """
    sides = {}
    for part, entries in parts.items():
        same = [other for other, theirs in parts.items() if theirs == entries]
        sides[part] = None if TRAIN in same[:-1] else split_named(same[0])
    return sides


def _base(root: Path, told: Any) -> str:
    """Return what paths are relative to. A root of another machine is this folder here."""
    name = str(told or ".")
    is_here = not leads_elsewhere(name) and not name.startswith("~") and (root / name).is_dir()
    return name if is_here else "."


def _part(root: Path, base: str, told: str, lists: set[Path]) -> Iterator[Listed] | None:
    """The images of a part: of a folder, of a list, or those whose labels alone are there."""
    for entry in _below(told, base):
        target = root / entry
        if target.is_dir():
            return _in_folder(root, target)
        if target.is_file():
            lists.add(target.resolve())
            return _in_list(root, entry)
        labels = root / PurePosixPath(label_file_of(f"{entry}/x")).parent
        if labels != target and labels.is_dir():
            return _of_labels(root, files_below(labels, ".txt"))
    return None


def _below(told: str, *bases: str) -> Iterator[str]:
    """Paths below the dataset that may be meant, the likeliest first: ends of what was told."""
    if not leads_elsewhere(told):
        for base in bases:
            joined = normpath(PurePosixPath(base, told.replace("\\", "/")))
            if not is_above(joined):
                yield joined
    parts = PurePosixPath(re.sub(r"^[A-Za-z]:", "", told.replace("\\", "/"))).parts
    names = [part for part in parts if part not in ("/", "..", ".")]
    for start in range(len(names)):
        if start and _A_SPLIT.fullmatch(names[start - 1]):
            return  # Another part of the dataset has other images.
        for base in dict.fromkeys((*bases, ".")):
            yield normpath(PurePosixPath(base, *names[start:]))


def _in_folder(root: Path, folder: Path) -> Iterator[Listed]:
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() in _IMAGES and not is_of_macos(file):
            image = file.relative_to(root).as_posix()
            yield Listed(image, _label_file(root, image))


def _in_list(root: Path, entry: str) -> Iterator[Listed]:
    """The images of a list, whose paths are relative to the list, or of another machine."""
    parent = str(PurePosixPath(entry).parent)
    for number, line in enumerate(read_text(root / entry, "a list of images").splitlines(), 1):
        told = line.strip()
        if not told:
            continue
        told_name(told, f"{root / entry}:{number}")
        for image in _below(told, parent):
            if (root / image).is_file() or (root / _label_file(root, image)).is_file():
                yield Listed(image, _label_file(root, image))
                break
        else:
            is_elsewhere = leads_elsewhere(told)
            image = told_name(told if is_elsewhere else f"{parent}/{told}", entry)
            yield Listed(image, _label_file(root, image), is_elsewhere)


def _label_file(root: Path, image: str) -> str:
    """Derives it as Ultralytics does, or finds it beside the image, as Darknet has it."""
    derived, beside = label_file_of(image), str(PurePosixPath(image).with_suffix(".txt"))
    upper = (str(PurePosixPath(each).with_suffix(".TXT")) for each in (derived, beside))
    each = (name for name in (derived, beside, *upper) if (root / name).is_file())
    return next(each, derived)


def _of_labels(root: Path, files: list[Path]) -> Iterator[Listed]:
    """The images of label files, by their names without extension."""
    for file in files:
        if _are_labels(file):
            name = file.relative_to(root).as_posix()
            before, _, base = f"/{name}".rpartition("/labels/")
            image = f"{before}/images/{base}" if f"/{name}" != base else f"/{name}"
            yield Listed(image[1 : -len(".txt")], name)


def _unlisted(
    root: Path, images: Mapping[str, Listed], lists: set[Path], reading: Reading
) -> Iterator[Listed]:
    """Label files of images that no part has. Their labels would be lost without a word.

    Raises:
        ValueError: the image is there, and in no part.
    """
    for file in files_below(root, ".txt"):
        name = file.relative_to(root).as_posix()
        if name in images or file.resolve() in lists or file.name == ORIGINS:
            continue
        if not _are_labels(file):
            if not _LISTS.fullmatch(file.name):
                reading.leave_out(f"files that are no labels ({file.name})")
            continue
        [listed] = _of_labels(root, [file])
        image = root / listed.image
        if any(image.with_name(image.name + end).exists() for end in (".jpg", ".png", ".jpeg")):
            with reading.part():
                raise ValueError(
                    f"{file}: wanted its image in one of {', '.join(_SPLITS)}, got none"
                )
        else:
            yield listed


def _are_labels(file: Path) -> bool:
    """Returns whether a text is empty or has lines of numbers; others are notes or lists."""
    if _LISTS.fullmatch(file.name):
        return False
    with open_regular(file) as opened:
        lines = opened.read(1 << 16).decode("utf-8-sig", "replace").split("\n")
    first = next((line for line in lines if line.strip()), None)
    return first is None or _A_LABEL.fullmatch(first) is not None
