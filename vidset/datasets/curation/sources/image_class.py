"""An annotation's objects as a manifest has them: the image's class apart from what is drawn."""

from collections.abc import Sequence
from typing import Any

from vidset.datasets.errors import DatasetError


def class_and_objects(
    objects: Sequence[dict[str, Any]],
) -> tuple[str | None, list[dict[str, Any]] | None]:
    """The class of the whole image, if one was told; and what is drawn: None if only a class was.

    Raises:
        DatasetError: several classes were told.
    """
    classes = sorted({thing["label"] for thing in objects if thing["type"] == "classification"})
    if len(classes) > 1:
        raise DatasetError(f"wanted one class of the whole image, got {', '.join(classes)}")
    drawn = [thing for thing in objects if thing["type"] != "classification"]
    return (classes[0], drawn or None) if classes else (None, drawn)
