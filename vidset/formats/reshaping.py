"""Change imported objects before they are checked: other names, or boxes for outlines."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from vidset.formats.boxes import boxed
from vidset.labeling.annotation import LabeledObject
from vidset.labeling.shapes import box_around


def renamed(
    objects: Iterable[LabeledObject], names: Mapping[str, str]
) -> tuple[LabeledObject, ...]:
    """Return the objects with other labels; what `names` does not have keeps its own."""
    return tuple(replace(item, label=names.get(item.label, item.label)) for item in objects)


def as_boxes(objects: Iterable[LabeledObject]) -> tuple[LabeledObject, ...]:
    """Return the objects with the upright box around each. Classifications stay."""
    around = ((item, box_around(item)) for item in objects)
    return tuple(boxed(item, box) if box and item.type != "box" else item for item, box in around)


def label_map(words: Iterable[str]) -> dict[str, str]:
    """Read `old=new` words.

    Raises:
        ValueError: one has another form.
    """
    found = {}
    for word in words:
        old, separator, new = word.partition("=")
        if not (separator and old and new):
            raise ValueError(f"--map-labels: wanted OLD=NEW, got {word!r}")
        found[old] = new
    return found
