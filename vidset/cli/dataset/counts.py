"""Images by label and split."""

from collections import Counter

from vidset.cli.dataset.display import show_counts
from vidset.datasets.schema.statistics import split_order
from vidset.datasets.versions.counts import label_counts
from vidset.datasets.versions.manifest import Manifest


def show_labels(images: Manifest) -> None:
    """Images by label and split; in the last row all: an image may have several labels."""
    numbers = Counter(images.table["split"].to_pylist())
    show_counts(label_counts(images.table) | {"images": numbers}, sorted(numbers, key=split_order))
