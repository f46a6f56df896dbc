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
from pathlib import Path
from typing import Any

from vidset.formats.format import ImageLabels
from vidset.formats.joined import separated
from vidset.formats.origin import origin_of
from vidset.formats.reading import Reading, SizeOf, member, read_text
from vidset.formats.yolo_layout import Dataset, Listed, open_dataset
from vidset.formats.yolo_settings import write_over
from vidset.formats.yolo_writing import NAME, ORIGINS, OUTLINES, TURNED, write
from vidset.json_files import parse_json
from vidset.labeling.annotation import Box, LabeledObject
from vidset.labeling.shapes import rotated_box_of

__all__ = ["read", "write", "write_over"]
_TOLERANCE = 1.0  # Pixels by which the corners of a rotated box may be off: tools round them.
_UPRIGHT = 1e-6  # Degrees: what rounding may turn an upright box by.
_OUTSIDE = 0.01  # Ultralytics takes this much, too.
_BOX_WORDS = 5  # The class and the four numbers of a box.


def read(path: str | Path, reading: Reading | None = None) -> Iterator[ImageLabels]:
    """Yield the images of all splits. One with an empty label file has no objects.

    One without a label file is unlabeled. `path` is the folder or its .yaml or obj.data; names of
    images are relative to the folder, and without a leading `images/`. Of label files without
    images, the names have no extension.

    Raises:
        ValueError: as `Reader.read` says; also without `size_of`.
    """
    reading = reading or Reading()
    size_of = reading.size_of
    if size_of is None:
        raise ValueError(f"{path}: {NAME} does not tell the images' sizes: size_of is needed")
    dataset = open_dataset(Path(path), reading)
    origins = _origins(dataset.root / ORIGINS)
    for file in sorted(dataset.root.glob(f"*/{ORIGINS}")):  # Of a version's splits.
        if file.parent.is_symlink():
            continue
        split = _origins(file).items()
        origins |= {f"{file.parent.name}/images/{name}": origin for name, origin in split}
    for listed in dataset.images:
        yield from reading.whole(partial(_image, listed, dataset, size_of, origins, reading))


def _image(
    listed: Listed,
    dataset: Dataset,
    size_of: SizeOf,
    origins: Mapping[str, Mapping[str, Any]],
    reading: Reading,
) -> ImageLabels:
    name = listed.image.removeprefix("images/")
    size, file = size_of(name), dataset.root / listed.label_file
    labels = ImageLabels(
        name,
        *size,
        (),
        is_elsewhere=listed.is_elsewhere,
        splits=listed.splits,
        **origins.get(name, {}),
    )
    if not file.exists():
        return replace(labels, state="unlabeled")
    return replace(labels, objects=tuple(_objects(file, dataset, size, reading)))


def _origins(file: Path) -> dict[str, dict[str, Any]]:
    """Returns where images come from, by name, as vidset wrote it beside the labels."""
    if not file.is_file():
        return {}
    found = {}
    for number, line in enumerate(read_text(file, "origins of images").splitlines(), 1):
        place = f"{file}:{number}"
        told = parse_json(line, place, "an origin")
        found[member(told, "image", str, place)] = origin_of(told, place)
    return found


def _objects(
    file: Path, dataset: Dataset, size: tuple[int, int], reading: Reading
) -> Iterator[LabeledObject]:
    lines, task = read_text(file, "labels").splitlines(), dataset.task
    told = [(number, line.split()) for number, line in enumerate(lines, 1) if line.strip()]
    has_polygons = any(len(words) > _BOX_WORDS + 1 for _, words in told) and not dataset.keypoints
    has_polygons = has_polygons or task in (OUTLINES, TURNED)
    # Four corners each time: rotated boxes, unless they are no rectangles.
    has_turned = task == TURNED or (task is None and all(len(words) == 9 for _, words in told))
    for number, words in told:
        with reading.part():
            place = f"{file}:{number}"
            shape = _without_keypoints(words, dataset.keypoints, place, reading)
            labels = dataset.labels
            item = _object(shape, str(number), labels, size, place, has_polygons=has_polygons)
            yield _as_turned(item) if has_turned else item


def _without_keypoints(
    words: Sequence[str], count: int, place: str, reading: Reading
) -> Sequence[str]:
    if not count or len(words) <= _BOX_WORDS:
        return words
    if len(words) not in (_BOX_WORDS + count, _BOX_WORDS + count + 1):
        raise ValueError(
            f"{place}: wanted a box and {count} numbers of keypoints, got {len(words) - 1} numbers"
        )
    reading.leave_out("keypoints")  # They stand beside a box, as COCO's do.
    return words[:_BOX_WORDS]


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
        label, values = labels[_whole(words[0])], [float(word) for word in words[1:]]
    except (ValueError, KeyError, OverflowError):
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
    why = "; other tools misread a box in a file with outlines" if len(values) == 4 else ""
    raise ValueError(f"{place}: wanted {wanted} behind the class, got {values}{why}")


def _whole(word: str) -> int:
    """The number of a class, which some tools write as 0.0. Raises ValueError: it is none."""
    value = float(word)
    if not value.is_integer():
        raise ValueError(word)
    return int(value)


def _as_turned(item: LabeledObject) -> LabeledObject:
    """A box of four corners, if they are a rectangle's."""
    box = rotated_box_of(item.points, _TOLERANCE) if item.points else None
    if box is None:
        return item
    if abs(box.angle) < _UPRIGHT:
        return replace(item, type="box", box=replace(box, angle=0.0), rings=None)
    return replace(item, type="rotated_box", box=box, rings=None)
