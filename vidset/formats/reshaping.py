"""Change imported objects before they are checked: other names, or boxes for outlines."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from vidset.formats.boxes import boxed
from vidset.labeling.annotation import LabeledObject
from vidset.labeling.shapes import box_around
from vidset.suggestions import unknown


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
        ValueError: one has another form, or a label gets two names.
    """
    found: dict[str, str] = {}
    for word in words:
        old, separator, new = word.partition("=")
        if not (separator and old and new):
            raise ValueError(f"--map-labels: wanted OLD=NEW, got {word!r}")
        if found.setdefault(old, new) != new:
            raise ValueError(f"--map-labels: wanted one name for {old!r}, got {found[old]}, {new}")
    return found


def check_map(names: Mapping[str, str], seen: Collection[str]) -> None:
    """Refuse new names for labels that nothing has, which are most likely misspelt.

    Args:
        seen: the labels that there are.

    Raises:
        ValueError: a label is not among them; with the nearest one.
    """
    for old, new in names.items():
        if old not in seen:
            raise ValueError(f"--map-labels {old}={new}: {unknown('label', old, seen)}")
