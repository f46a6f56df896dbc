"""The writing of YOLO's text files; see `vidset.formats.yolo`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import yaml

from vidset.formats.boxes import boxed
from vidset.formats.format import ImageLabels, Loss, Written
from vidset.formats.joined import joined
from vidset.formats.origin import origin_fields
from vidset.formats.reading import relative_name
from vidset.formats.spool import Spool, known_size, of_labeled_images, spooled
from vidset.labeling.annotation import LabeledObject, Point, Ring
from vidset.labeling.shapes import box_around, turned_corners
from vidset.outlines import outlines

NAME = "YOLO"
_LIST = "images.txt"
ORIGINS = "origins.jsonl"
TASK, TURNED, OUTLINES, _BOXES = "task", "obb", "segment", "detect"
_COMMENT = """\
# The images belong into images/, under the names in images.txt. Cut it into parts before you train:
# here, the images to validate on are those to train on.
"""


def write(
    labels: Iterable[ImageLabels],
    path: str | Path,
    labels_order: Sequence[str] | None = None,
    *,
    lossy: bool = False,
) -> Written:
    """data.yaml, a list of the images, and labels/; the images themselves are the caller's.

    YOLO has no place for where an image comes from and who labeled it: origins.jsonl has it.
    Where there are boxes and polygons, `lossy` reduces all to the boxes around them; where there
    are rotated boxes and polygons, it makes polygons of the boxes.
    """
    root = Path(path)
    with spooled(
        labels,
        _sayable,
        format_name=NAME,
        lossy=lossy,
        file_of=lambda name: label_file_of(f"images/{name}"),
    ) as spool:
        task = _task(spool, lossy=lossy)
        numbers = spool.label_numbers(labels_order)
        root.mkdir(parents=True, exist_ok=True)
        with (
            (root / _LIST).open("w", encoding="utf-8") as images,
            (root / ORIGINS).open("w", encoding="utf-8") as origins,
        ):
            for each in spool:
                if origin := origin_fields(each):
                    origins.write(json.dumps({"image": each.image_name, **origin}) + "\n")
                images.write(f"./images/{each.image_name}\n")
                file = root / label_file_of(f"images/{each.image_name}")
                file.parent.mkdir(parents=True, exist_ok=True)
                lines = [_line(item, numbers, each, task) for item in each.objects]
                file.write_text("".join(lines), encoding="utf-8")
        if not (root / ORIGINS).stat().st_size:
            (root / ORIGINS).unlink()
        (root / "data.yaml").write_text(_settings_text(numbers, task), encoding="utf-8")
        return spool.written()


def _task(spool: Spool, *, lossy: bool) -> str:
    """The one kind that a dataset can be of; what that costs is counted."""
    boxes, turned, polygons, masks = (
        spool.types[each] for each in ("box", "rotated_box", "polygon", "mask")
    )
    if not polygons and not masks:
        return TURNED if turned else _BOXES
    lost = [("rotations beside outlines", "rotated_box", turned)]
    if boxes:
        lost += [("outlines beside boxes", "polygon", polygons)]
        lost += [("masks beside boxes", "mask", masks)]
    else:
        lost += [("masks, which become outlines", "mask", masks)]
    for what, kind, number in lost:
        if number:
            place = _first_of(kind, spool)
            spool.lose((what, place), format_name=NAME, lossy=lossy, number=number)
    return _BOXES if boxes else OUTLINES


def _settings_text(numbers: Mapping[str, int], task: str) -> str:
    """Names in double quotes: `no` stays a text then, and PyYAML loses some line ends in others."""
    names = [
        f"  {number}: " + yaml.safe_dump(label, default_style='"', allow_unicode=True, width=10_000)
        for label, number in numbers.items()
    ]
    told = f"{TASK}: {task}\n" if task != _BOXES else ""
    head = f"{_COMMENT}{told}train: {_LIST}\nval: {_LIST}\nnames:"
    return head + ("\n" + "".join(names) if names else " {}\n")


@of_labeled_images
def _sayable(labels: ImageLabels) -> tuple[ImageLabels, list[Loss]]:
    place = f"image {labels.image_name!r}"
    known_size(labels, NAME)
    name = relative_name(labels.image_name, place)
    if name.splitlines() != [name.rstrip()]:
        raise ValueError(f"{place}: wanted a name that can stand in a line of a list")
    objects, losses = [], []
    for item in labels.objects:
        where = f"{place}, object {item.id} ({item.label})"
        if item.type == "classification":
            losses.append(("classifications", where))
        elif item.mask and item.mask.bounds is None:
            losses.append(("empty masks", where))
        elif not all(0 <= value <= 1 for value in _parts(_drawable(item), labels)):
            losses.append(("objects outside of the image", where))
        else:
            objects.append(replace(item, attributes={}))
            losses += [("attributes", where)] * len(item.attributes)
    return replace(labels, image_name=name, objects=tuple(objects)), losses


def _drawable(item: LabeledObject) -> LabeledObject:
    """The object with the outlines of its pixels in the place of its mask."""
    if not item.mask:
        return item
    rings = tuple(Ring(points, hole) for points, hole in outlines(item.mask.pixels()))
    return replace(item, type="polygon", rings=rings, mask=None)


def _first_of(kind: str, spool: Spool) -> str:
    return next(
        f"image {each.image_name!r}, object {item.id} ({item.label})"
        for each in spool
        for item in each.objects
        if item.type == kind
    )


def _line(item: LabeledObject, numbers: Mapping[str, int], labels: ImageLabels, task: str) -> str:
    around = box_around(item)
    item = boxed(item, around) if task == _BOXES and around else _drawable(item)
    parts = _parts(item, labels, corners=task != _BOXES)
    return " ".join([str(numbers[item.label]), *map(repr, parts)]) + "\n"


def _parts(item: LabeledObject, labels: ImageLabels, *, corners: bool = False) -> list[float]:
    """The numbers of a line, in parts of the image's size.

    Args:
        corners: of an upright box, too, give its corners.
    """
    points: Sequence[Point] = joined(item.rings) if item.rings else ()
    if item.box and (corners or item.box.angle):
        points = turned_corners(item.box)
    values = [value for point in points for value in point]
    if item.box and not points:
        box = item.box
        values = [box.x + box.width / 2, box.y + box.height / 2, box.width, box.height]
    size = (labels.width or 1, labels.height or 1)
    return [value / size[number % 2] for number, value in enumerate(values)]


def label_file_of(image: str) -> str:
    """Derives the file as Ultralytics does: the last images/ becomes labels/."""
    before, _, name = f"/{image}".rpartition("/images/")
    path = f"{before}/labels/{name}" if f"/{image}" != name else f"/{image}"
    return str(PurePosixPath(path[1:]).with_suffix(".txt"))
