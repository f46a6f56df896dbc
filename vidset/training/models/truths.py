"""The truth that a task learns from: what an image needs, and which classes there are.

Light to import: models that are commands of their own need no PyTorch here.
"""

from collections.abc import Sequence
from typing import Protocol

from vidset.datasets.versions.entry import Entry
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
