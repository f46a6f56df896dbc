"""The order of a version's labels, which gives them their numbers: once given, a number stays."""

from collections.abc import Iterable, Sequence

from vidset.datasets.versions.entry import label_names
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository

KEY = "label_order"


def label_order(repository: Repository, reference: str) -> list[str]:
    """All labels in the order that was recorded with the version.

    A version of an earlier release records none: its labels are sorted by name, as they were then.
    """
    recorded = repository.details(reference).get(KEY)
    return grown_order(recorded or [], labels_of(repository.manifest(reference)))


def grown_order(before: Sequence[str], labels: Iterable[str]) -> list[str]:
    """The labels that had numbers, with the same numbers, and then the new ones sorted by name.

    A label that no image has any more keeps its place, so that those behind it do not move up.
    """
    return [*before, *sorted(set(labels) - set(before))]


def labels_of(images: Manifest) -> set[str]:
    """Every label that an image or an object has."""
    columns = (images.table[name].to_pylist() for name in ("label", "objects"))
    return {label for pair in set(zip(*columns, strict=True)) for label in label_names(*pair)}
