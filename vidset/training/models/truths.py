"""The truth that a task learns from: what an image needs, and which classes there are.

Light to import: models that are commands of their own need no PyTorch here.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from vidset.datasets.versions.entry import Entry
from vidset.formats.painting import IGNORED, has_pixels
from vidset.labeling.shapes import pixels_of
from vidset.masks import Mask
from vidset.training.models import label_planes
from vidset.training.models.boxes import boxes_of


class Truths(Protocol):
    """Reads what a task learns from the entries of a version."""

    def classes(self, entries: Sequence[Entry]) -> list[str]:
        """The classes to tell apart, sorted, from the training images."""
        ...

    def unusable(self, entry: Entry) -> str | None:
        """Returns why an image cannot be trained on or scored; None if it can."""
        ...

    def unknown_labels(self, entry: Entry, classes: Sequence[str]) -> set[str]:
        """The labels of an image that the model cannot know."""
        ...


class ClassTruths:
    """One class for each image."""

    def classes(self, entries: Sequence[Entry]) -> list[str]:
        return sorted({entry.label for entry in entries if entry.label is not None})

    def unusable(self, entry: Entry) -> str | None:
        return "has no class" if entry.label is None else None

    def unknown_labels(self, entry: Entry, classes: Sequence[str]) -> set[str]:
        return {entry.label or ""} - set(classes)


class BoxTruths:
    """The boxes of an image's objects."""

    def classes(self, entries: Sequence[Entry]) -> list[str]:
        return sorted({box.label for entry in entries for box in boxes_of(entry)})

    def unusable(self, entry: Entry) -> str | None:
        if entry.objects is None:
            return "nobody said which objects it has"
        flat = [box for box in boxes_of(entry) if box.width <= 0 or box.height <= 0]
        return f"has a box without area: {flat[0].to_dict()}" if flat else None

    def unknown_labels(self, entry: Entry, classes: Sequence[str]) -> set[str]:
        return {box.label for box in boxes_of(entry)} - set(classes)


class InstanceTruths:
    """The objects of an image, each with its pixels."""

    def classes(self, entries: Sequence[Entry]) -> list[str]:
        return sorted({label for entry in entries for label, _ in masks_of(entry)})

    def unusable(self, entry: Entry) -> str | None:
        if entry.objects is None:
            return "nobody said which objects it has"
        for thing in entry.things:
            if thing.box is not None:
                return (
                    f"has a box ({thing.label}), which does not say which pixels are the object's"
                )
        empty = [label for label, mask in masks_of(entry) if mask.bounds is None]
        return f"has an object without a pixel ({empty[0]})" if empty else None

    def unknown_labels(self, entry: Entry, classes: Sequence[str]) -> set[str]:
        return {label for label, _ in masks_of(entry)} - set(classes)


class PixelTruths:
    """A label for each pixel of an image, at the image's own size."""

    def __init__(self) -> None:
        self._labels: dict[tuple[str, str], frozenset[str]] = {}

    def classes(self, entries: Sequence[Entry]) -> list[str]:
        return sorted({label for entry in entries for label in self._labels_of(entry)})

    def unusable(self, entry: Entry) -> str | None:
        return label_planes.unusable(entry)

    def unknown_labels(self, entry: Entry, classes: Sequence[str]) -> set[str]:
        return set(self._labels_of(entry)) - set(classes)

    def _labels_of(self, entry: Entry) -> frozenset[str]:
        """Return the labels that pixels have. Painting an image takes long: it is done once."""
        key = entry.image_sha256, entry.image_uri
        if key not in self._labels:
            self._labels[key] = frozenset(label_planes.true_masks(entry))
        return self._labels[key]


def masks_of(entry: Entry) -> list[tuple[str, Mask]]:
    """The label and the pixels of each polygon and mask; areas to be ignored are none."""
    found = []
    for thing in entry.things:
        item = thing.labeled
        if has_pixels(item) and item.label != IGNORED:
            mask = item.mask or Mask.of(pixels_of(item, entry.width, entry.height))
            found.append((item.label, mask))
    return found


def mask_document(label: str, mask: Mask) -> dict[str, Any]:
    """An object of a prediction: the box around the mask, in pixels of the image, and the mask."""
    left, top, right, bottom = mask.bounds or (0, 0, 0, 0)
    box = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    return {"label": label, "box": box, "mask": mask.to_document()}
