"""YOLO's text files in Ultralytics' layout: https://docs.ultralytics.com/datasets/detect.

A folder with data.yaml, images/ and labels/. A line is `class cx cy width height`, or for a polygon
`class x y x y x y ...`, in parts of the image's size; a rotated box is its four corners. A dataset
is of one kind, which `task` in data.yaml tells where vidset wrote it: where there are boxes and
polygons, Ultralytics drops the polygons, and misreads the boxes of a file with polygons. Several
rings are one line that goes from one to the next and back, as Ultralytics' own converters write it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

from vidset.formats.format import ImageLabels
from vidset.formats.joined import separated
from vidset.formats.reading import Reading, SizeOf, relative_name
from vidset.formats.yolo_writing import NAME, OUTLINES, TASK, TURNED, label_file_of, write
from vidset.labeling.annotation import Box, LabeledObject
from vidset.labeling.shapes import rotated_box_of
from vidset.regular_files import read_regular
from vidset.yaml_files import read_yaml

__all__ = ["read", "write"]
_TOLERANCE = 1.0  # Pixels by which the corners of a rotated box may be off: tools round them.
_UPRIGHT = 1e-6  # Degrees: what rounding may turn an upright box by.
_SPLITS = ("train", "val", "test")
_MOST_BYTES = 1 << 30
_OUTSIDE = 0.01  # Ultralytics takes this much, too.
# fmt: off
_IMAGES = frozenset({
    ".bmp", ".dng", ".heic", ".jpeg", ".jpg", ".mpo", ".pfm", ".png", ".tif", ".tiff", ".webp",
})
# fmt: on


def read(path: str | Path, reading: Reading | None = None) -> Iterator[ImageLabels]:
    """Yield the images of all splits. One with an empty label file has no objects.

    One without a label file is unlabeled. `path` is the folder or its .yaml; names of images are
    relative to the folder, and without a leading `images/`.

    Raises:
        ValueError: as `Reader.read` says; also without `size_of`.
    """
    reading = reading or Reading()
    size_of = reading.size_of
    if size_of is None:
        raise ValueError(f"{path}: {NAME} does not tell the images' sizes: size_of is needed")
    file = _settings_file(Path(path))
    root, settings = file.parent, _settings(file)
    labels = _labels(settings.get("names"), f"{file}: names")
    if isinstance(count := settings.get("nc"), int) and count != len(labels):
        raise ValueError(f"{file}: wanted as many names as nc says, {count}, got {len(labels)}")
    if settings.get("kpt_shape"):  # Their lines look like those of outlines.
        raise ValueError(f"{file}: kpt_shape: an annotation cannot hold keypoints (a pose dataset)")
    base = _base(root, settings.get("path"))
    if "valid" in settings and "val" not in settings:
        settings["val"] = settings["valid"]
    images: dict[str, str] = {}
    for split in _SPLITS:
        entries = settings.get(split) or []
        for entry in entries if isinstance(entries, list) else [entries]:
            place = f"{file}: {split}"
            for image in _images(root, _below(_entry(root, base, entry), base, place), place):
                other = images.setdefault(label_file_of(image), image)
                if other != image:
                    raise ValueError(f"{place}: {image} and {other} have one label file")
    _refuse_orphans(root, images)
    task = settings.get(TASK)
    for label_file, image in images.items():
        name = image.removeprefix("images/")
        read_image = partial(_image, name, root / label_file, labels, size_of, reading, task)
        yield from reading.whole(read_image)


def _image(
    name: str,
    file: Path,
    labels: Mapping[int, str],
    size_of: SizeOf,
    reading: Reading,
    task: Any,
) -> ImageLabels:
    size = size_of(name)
    if not file.exists():
        return ImageLabels(name, *size, (), "unlabeled")
    return ImageLabels(name, *size, tuple(_objects(file, labels, size, reading, task)))


def _settings_file(path: Path) -> Path:
    """Return data.yaml, or the only other .yaml of the folder."""
    if path.is_file():
        return path
    found = sorted([*path.glob("*.yaml"), *path.glob("*.yml")]) if path.is_dir() else []
    named = path / "data.yaml"
    return found[0] if len(found) == 1 and named not in found else named


def _base(root: Path, told: Any) -> str:
    """Return what paths are relative to. A root of another machine is this folder here."""
    name = str(told or ".")
    is_here = not name.startswith(("/", "~")) and (root / name).is_dir()
    return name if is_here else "."


def _entry(root: Path, base: str, entry: Any) -> str:
    """Return a split's path; Roboflow writes ../train for what stands beside its data.yaml."""
    text = str(entry)
    inside = text.removeprefix("../")
    if text != inside and not (root / base / text).exists() and (root / inside).exists():
        return inside
    return text if not text.startswith("../") or not (root / inside).exists() else inside


def _settings(file: Path) -> dict[str, Any]:
    settings = read_yaml(file, f"{NAME}'s data.yaml")
    if not isinstance(settings, dict):
        raise ValueError(f"{file}: wanted names, train and val, got {str(settings)[:80]!r}")
    return settings


def _labels(names: Any, place: str) -> dict[int, str]:
    numbered = dict(enumerate(names)) if isinstance(names, list) else names
    if not isinstance(numbered, dict):
        raise ValueError(f"{place}: wanted the classes' names, got {str(names)[:80]!r}")
    for number, name in numbered.items():
        if not isinstance(number, int) or not isinstance(name, str):
            got = f"{number!r}: {name!r}"
            raise ValueError(
                f"{place}: wanted a number and a text, in quotes if need be, got {got}"
            )
    return numbered


def _below(name: Any, base: str, place: str) -> str:
    """A path in the dataset, relative to the dataset; it may be the dataset itself."""
    joined = normpath(PurePosixPath(base, str(name)))
    return joined if joined == "." else relative_name(joined, place)


def _images(root: Path, entry: str, place: str) -> Iterator[str]:
    """Yield the images below a folder, or those of a list, whose own paths begin with `./`."""
    target = root / entry
    if target.is_dir():
        files = sorted(file for file in target.rglob("*") if file.suffix.lower() in _IMAGES)
        yield from (file.relative_to(root).as_posix() for file in files)
    elif target.is_file():
        for number, line in enumerate(read_regular(target, _MOST_BYTES).decode().splitlines(), 1):
            if line.strip():
                yield _below(line, str(PurePosixPath(entry).parent), f"{target}:{number}")
    else:
        raise ValueError(f"{place}: wanted a folder or a list of images, got nothing at {target}")


def _refuse_orphans(root: Path, images: Mapping[str, str]) -> None:
    """Labels of images that are not there would be lost without a word."""
    for file in sorted((root / "labels").rglob("*.txt")):
        if file.relative_to(root).as_posix() not in images and file.name != "classes.txt":
            raise ValueError(f"{file}: wanted its image in one of {', '.join(_SPLITS)}, got none")


def _objects(
    file: Path, labels: Mapping[int, str], size: tuple[int, int], reading: Reading, task: Any
) -> Iterator[LabeledObject]:
    try:
        lines = read_regular(file, _MOST_BYTES).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{file}: wanted a text: {error}") from None
    told = [(number, line.split()) for number, line in enumerate(lines, 1) if line.strip()]
    has_polygons = any(len(words) > 6 for _, words in told) or task in (OUTLINES, TURNED)
    # Four corners each time: rotated boxes, unless they are no rectangles.
    has_turned = task == TURNED or (task is None and all(len(words) == 9 for _, words in told))
    for number, words in told:
        with reading.part():
            place = f"{file}:{number}"
            item = _object(words, str(number), labels, size, place, has_polygons=has_polygons)
            yield _as_turned(item) if has_turned else item


def _object(
    words: Sequence[str],
    object_id: str,
    labels: Mapping[int, str],
    size: tuple[int, int],
    place: str,
    *,
    has_polygons: bool,
) -> LabeledObject:
    try:
        label, values = labels[int(words[0])], [float(word) for word in words[1:]]
    except (ValueError, KeyError):
        raise ValueError(
            f"{place}: wanted the number of a class of data.yaml and numbers, got {words[:6]}"
        ) from None
    if not all(-_OUTSIDE <= value <= 1 + _OUTSIDE for value in values):
        raise ValueError(f"{place}: wanted parts of the image's size, 0 to 1, got {values}")
    if len(values) in (4, 5) and not has_polygons:
        cx, cy, width, height = (v * size[n % 2] for n, v in enumerate(values[:4]))
        box = Box(cx - width / 2, cy - height / 2, width, height)
        # A fifth number is a model's confidence.
        score = {"score": values[4]} if len(values) == 5 else {}
        return LabeledObject(object_id, label, "box", box=box, attributes=score)
    if len(values) >= 6 and len(values) % 2 == 0:
        pairs = zip(values[::2], values[1::2], strict=True)
        points = tuple((x * size[0], y * size[1]) for x, y in pairs)
        return LabeledObject(object_id, label, "polygon", rings=separated(points))
    wanted = "x and y of 3 points or more" if has_polygons else "cx, cy, width, height"
    raise ValueError(f"{place}: wanted {wanted} behind the class, got {values}")


def _as_turned(item: LabeledObject) -> LabeledObject:
    """A box of four corners, if they are a rectangle's."""
    box = rotated_box_of(item.points, _TOLERANCE) if item.points else None
    if box is None:
        return item
    if abs(box.angle) < _UPRIGHT:
        return replace(item, type="box", box=replace(box, angle=0.0), rings=None)
    return replace(item, type="rotated_box", box=box, rings=None)
