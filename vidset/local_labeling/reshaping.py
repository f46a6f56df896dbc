"""Change imported objects before they are checked: other names, or boxes for outlines."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from vidset.formats.boxes import box_around
from vidset.labeling.annotation import LabeledObject


def renamed(
    objects: Iterable[LabeledObject], names: Mapping[str, str]
) -> tuple[LabeledObject, ...]:
    """Return the objects with other labels; what `names` does not have keeps its own."""
    return tuple(replace(item, label=names.get(item.label, item.label)) for item in objects)


def as_boxes(objects: Iterable[LabeledObject]) -> tuple[LabeledObject, ...]:
    """Return the objects with the upright box around each outline. Classifications stay."""
    return tuple(
        item
        if item.type in ("box", "classification")
        else replace(item, type="box", box=box_around(item), points=None)
        for item in objects
    )


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
