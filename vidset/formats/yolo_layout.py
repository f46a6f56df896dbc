"""Finds the images and label files of a YOLO dataset: Ultralytics, Roboflow and CVAT differ.

The classes and the parts of a dataset stand in data.yaml, in CVAT's obj.data and obj.names, or the
classes alone in classes.txt, as labelImg and Label Studio write them. Paths of another machine are
looked for below the dataset; nothing outside of it is read.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

from vidset.formats.reading import Reading, leads_elsewhere, read_text, told_name
from vidset.formats.yolo_writing import NAME, ORIGINS, TASK, label_file_of
from vidset.regular_files import open_regular
from vidset.yaml_files import read_yaml

_SPLITS = ("train", "val", "test")
_ALL = "images"
_NAMES_FILES = ("classes.txt", "obj.names", "data/obj.names", "labels/classes.txt")
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
    """

    image: str
    label_file: str
    is_elsewhere: bool = False


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
    file = _settings_file(path)
    root, settings = path if path.is_dir() else file.parent, _settings(file)
    labels = _labels(settings.get("names"), f"{file}: names")
    if (count := settings.get("nc")) is not None and str(count) != str(len(labels)):
        raise ValueError(f"{file}: wanted as many names as nc says, {count}, got {len(labels)}")
    found = Dataset(root, labels, settings.get(TASK), _keypoints(settings.get("kpt_shape"), file))
    found.images += _listed(root, file, settings, reading)
    return found


def _settings_file(path: Path) -> Path:
    """Return data.yaml or the only other .yaml of the folder; else obj.data, or the names alone."""
    if path.is_file():
        return path
    if not path.is_dir():
        raise ValueError(f"{path}: wanted a folder of {NAME} or its data.yaml, got nothing")
    named = path / "data.yaml"
    found = sorted([*path.glob("*.yaml"), *path.glob("*.yml")])
    if named in found or len(found) > 1:
        return named
    others = [path / name for name in ("obj.data", "data/obj.data", *_NAMES_FILES)]
    found += [file for file in others if file.is_file()]
    if not found:
        raise ValueError(
            f"{path}: wanted the classes in data.yaml, obj.data or classes.txt, got none of them"
        )
    return found[0]


def _settings(file: Path) -> dict[str, Any]:
    """Returns what the settings say, in the words of data.yaml."""
    if file.suffix in (".yaml", ".yml"):
        settings = read_yaml(file, f"{NAME}'s data.yaml", texts=True)
        if not isinstance(settings, dict):
            raise ValueError(f"{file}: wanted names, train and val, got {str(settings)[:80]!r}")
    elif file.suffix == ".data":
        lines = read_text(file, "settings of Darknet").splitlines()
        pairs = (line.partition("=") for line in lines if "=" in line)
        settings: dict[str, Any] = {key.strip(): value.strip() for key, _, value in pairs}
        named = PurePosixPath(settings.get("names", "obj.names")).name
        settings |= {"names": _lines(file.parent / named), "nc": settings.get("classes")}
    else:
        settings = {"names": _lines(file)}
    if "valid" in settings and "val" not in settings:
        settings["val"] = settings["valid"]
    return settings


def _lines(file: Path) -> list[str]:
    lines = [line.strip() for line in read_text(file, "names of classes").splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _labels(names: Any, place: str) -> dict[int, str]:
    numbered = dict(enumerate(names)) if isinstance(names, list) else names
    if not isinstance(numbered, dict):
        raise ValueError(f"{place}: wanted the classes' names, got {str(names)[:80]!r}")
    found: dict[int, str] = {}
    for told, name in numbered.items():
        number = int(told) if str(told).isascii() and str(told).isdigit() else None
        if number is None or number in found or not isinstance(name, str):
            got = f"{told!r}: {name!r}"
            raise ValueError(f"{place}: wanted a number of its own and a text, got {got[:80]}")
        found[number] = name
    return found


def _keypoints(shape: Any, file: Path) -> int:
    if shape is None:
        return 0
    if isinstance(shape, list) and len(shape) == 2:
        sides = [int(n) for n in shape if isinstance(n, str) and n.isascii() and n.isdigit()]
        if len(sides) == 2:
            return sides[0] * sides[1]
    raise ValueError(
        f"{file}: kpt_shape: wanted the keypoints and the numbers of each, got {str(shape)[:80]!r}"
    )


def _listed(
    root: Path, file: Path, settings: Mapping[str, Any], reading: Reading
) -> Iterator[Listed]:
    base = _base(root, settings.get("path"))
    parts = {split: settings[split] for split in _SPLITS if settings.get(split)}
    parts = parts or {_ALL: _ALL if (root / _ALL).is_dir() else "."}
    images: dict[str, Listed] = {}
    lists, missing = {file.resolve()}, []
    for split, entries in parts.items():
        for entry in entries if isinstance(entries, list) else [entries]:
            place = f"{file}: {split}"
            found = _part(root, base, str(entry), lists)
            if found is None:
                missing.append((place, split, entry))
                continue
            for each in found:
                other = images.setdefault(each.label_file, each)
                if other.image != each.image:
                    raise ValueError(f"{place}: {each.image} and {other.image} have one label file")
    for each in _unlisted(root, images, lists, reading):
        images[each.label_file] = each
    if missing and not images:
        place, _, entry = missing[0]
        raise ValueError(
            f"{place}: wanted a folder or a list of images, got nothing at {root / base / entry}"
        )
    for _, split, _ in missing:
        reading.leave_out(f"parts of the dataset that are not there ({split})")
    yield from images.values()


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
            return _of_labels(root, sorted(labels.rglob("*.txt")))
    return None


def _below(told: str, *bases: str) -> Iterator[str]:
    """Paths below the dataset that may be meant, the likeliest first: ends of what was told."""
    if not leads_elsewhere(told):
        for base in bases:
            joined = normpath(PurePosixPath(base, told.replace("\\", "/")))
            if not joined.startswith("../"):
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
        if file.suffix.lower() in _IMAGES:
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
    is_beside = derived != beside and not (root / derived).exists() and (root / beside).is_file()
    return beside if is_beside else derived


def _of_labels(root: Path, files: list[Path]) -> Iterator[Listed]:
    """The images of label files, by their names without extension."""
    for file in files:
        if _are_labels(file):
            name = file.relative_to(root).as_posix()
            before, _, base = f"/{name}".rpartition("/labels/")
            image = f"{before}/images/{base}" if f"/{name}" != base else f"/{name}"
            yield Listed(image[1:].removesuffix(".txt"), name)


def _unlisted(
    root: Path, images: Mapping[str, Listed], lists: set[Path], reading: Reading
) -> Iterator[Listed]:
    """Label files of images that no part has. Their labels would be lost without a word.

    Raises:
        ValueError: the image is there, and in no part.
    """
    for file in sorted(root.rglob("*.txt")):
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
