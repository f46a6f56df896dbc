"""The writing of PNG label maps; see `vidset.formats.label_maps`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from vidset.formats.format import ImageLabels, Loss, Written
from vidset.formats.label_maps import BACKGROUNDS, IGNORED_NAMES, IGNORED_NUMBER
from vidset.formats.painting import BACKGROUND, IGNORED, has_pixels, paint
from vidset.formats.spool import known_size, of_labeled_images, spooled
from vidset.labeling.annotation import LabeledObject
from vidset.masks import Mask

NAME = "PNG label maps"


@dataclass(frozen=True, slots=True)
class Layout:
    """A dataset's way to name maps and to number labels.

    Attributes:
        map_of: the path of an image's map, by the image's name.
        numbers: of the labels that it knows; None: numbers are given from 1 on.
        nothing: the number of pixels that no object covers.
        ignored: the number of pixels that are labeled as ignored.
    """

    name: str
    map_of: Callable[[str], str]
    numbers: Mapping[str, int] | None
    nothing: int
    ignored: int


def _map_of(image_name: str) -> str:
    path = PurePosixPath(image_name)
    return str(PurePosixPath("labels", path.parent, f"{path.stem}_mask.png"))


def write_label_maps(
    labels: Iterable[ImageLabels],
    path: str | Path,
    labels_order: Sequence[str] | None,
    *,
    lossy: bool,
) -> Written:
    """Write labels/IMAGE_mask.png, and a line of classes.txt for each number."""
    layout = Layout(NAME, _map_of, None, nothing=0, ignored=IGNORED_NUMBER)
    return write_maps(labels, path, labels_order, layout, lossy=lossy)


def write_maps(
    labels: Iterable[ImageLabels],
    path: str | Path,
    labels_order: Sequence[str] | None,
    layout: Layout,
    *,
    lossy: bool,
) -> Written:
    """See `vidset.formats.format.Writer.write`."""
    root = Path(path)

    def sayable(image: ImageLabels) -> tuple[ImageLabels, list[Loss]]:
        return _as_masks(image, layout.name)

    with spooled(
        labels,
        of_labeled_images(sayable),
        format_name=layout.name,
        lossy=lossy,
        file_of=layout.map_of,
    ) as spool:
        order = [each for each in spool.label_numbers(labels_order) if each not in _NO_THINGS]
        numbers = _numbers(order, spool.names, layout)
        for image in spool:
            width, height = known_size(image, layout.name)
            painted, _ = paint(image.objects, numbers, width, height, nothing=layout.nothing)
            target = root / layout.map_of(image.image_name)
            target.parent.mkdir(parents=True, exist_ok=True)
            done, data = cv2.imencode(".png", painted.astype(np.uint8))
            if not done:
                raise ValueError(f"{target}: it could not be encoded as a PNG")
            target.write_bytes(data.tobytes())
        if layout.numbers is None:
            root.mkdir(parents=True, exist_ok=True)
            lines = "".join(f"{label}\n" for label in (BACKGROUND, *order))
            (root / "classes.txt").write_text(lines, "utf-8")
        return spool.written()


_NO_THINGS = (BACKGROUND, IGNORED)


def _numbers(order: Sequence[str], used: Mapping[str, int], layout: Layout) -> dict[str, int]:
    """Return the number of each label.

    Raises:
        ValueError: the layout has no such label, its file of names cannot say one, or there are
            more than 254.
    """
    fixed = {IGNORED: layout.ignored, BACKGROUND: layout.nothing}
    if layout.numbers is not None:
        if unknown := sorted(used.keys() - layout.numbers.keys() - fixed.keys()):
            raise ValueError(
                f"{layout.name}: wanted labels of {', '.join(layout.numbers)}, got {unknown[0]!r}; "
                "a label is renamed by a recipe (rename), or take label-maps"
            )
        return {**layout.numbers, **fixed}
    if len(order) >= IGNORED_NUMBER:
        raise ValueError(f"{layout.name}: wanted at most 254 labels, got {len(order)}")
    for label in order:
        if label.strip() != label or len(label.splitlines()) != 1:
            raise ValueError(f"{layout.name}: wanted a label that is one line, got {label!r}")
        if label.lower() in BACKGROUNDS | IGNORED_NAMES:
            raise ValueError(
                f"{layout.name}: the label {label!r} would be read as no thing at all; rename it"
            )
    return {label: number for number, label in enumerate(order, 1)} | fixed


def _as_masks(labels: ImageLabels, format_name: str) -> tuple[ImageLabels, list[Loss]]:
    """The image with one mask for each label, none over another, and what is lost by it."""
    width, height = known_size(labels, format_name)
    losses: list[Loss] = []
    kept: list[LabeledObject] = []
    for item in labels.objects:
        where = f"image {labels.image_name!r}, object {item.id} ({item.label})"
        if not has_pixels(item):
            is_word = item.type == "classification"
            losses.append(("classifications" if is_word else "boxes", where))
            continue
        if item.type == "polygon":
            losses.append(("outlines, which become pixels", where))
        if any(item.label == other.label for other in kept):
            losses.append(("objects that share their label with another in the image", where))
        losses += [("attributes", where)] * len(item.attributes)
        kept.append(item)
    names = sorted({item.label for item in kept})
    numbers = {label: number for number, label in enumerate(names)}
    painted, hidden = paint(kept, numbers, width, height, nothing=len(names))
    losses += [
        (
            "parts of objects that lie under others",
            f"image {labels.image_name!r}, object {item.id} ({item.label})",
        )
        for item in kept
        if item.id in hidden
    ]
    objects = tuple(
        LabeledObject(str(number + 1), label, "mask", mask=Mask.of(painted == number))
        for label, number in numbers.items()
        if (painted == number).any()
    )
    losses += [
        ("empty masks", f"image {labels.image_name!r}, label {label}")
        for label in sorted(set(names) - {item.label for item in objects})
    ]
    return replace(labels, objects=objects), losses
