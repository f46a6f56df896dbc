"""Labels under other names, of images and of objects."""

from collections.abc import Mapping, Sequence

from vidset.datasets.curation.candidates import with_column
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.label_order import labels_of
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.objects import documents_in


def rename_labels(images: Manifest, names: Mapping[str, str]) -> Manifest:
    """The same images with labels under their new names. Nothing else of them changes.

    Raises:
        DatasetError: no image has one of the old labels.
    """
    if not names:
        return images
    there = labels_of(images)
    if unknown := sorted(set(names) - there):
        raise DatasetError(
            f"rename: wanted labels that images have, got {', '.join(unknown)}; there are "
            f"{', '.join(sorted(there))}"
        )
    labels = [names.get(label, label) for label in images.table["label"].to_pylist()]
    objects = [_renamed(text, names) for text in images.table["objects"].to_pylist()]
    return Manifest(with_column(with_column(images.table, "label", labels), "objects", objects))


def renamed_order(order: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """The order of labels after they were renamed: a label keeps its number, and of two that become
    one the first number counts.
    """
    return list(dict.fromkeys(names.get(label, label) for label in order))


def _renamed(text: str | None, names: Mapping[str, str]) -> str | None:
    if text is None:
        return None
    return to_json(
        [{**each, "label": names.get(each["label"], each["label"])} for each in documents_in(text)]
    )
