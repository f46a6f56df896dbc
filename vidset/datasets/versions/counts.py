"""Counts the images of a version by label and split."""

from collections import Counter

import pyarrow as pa

from vidset.datasets.versions.entry import label_names

# An image of which somebody said that there is nothing in it.
NOTHING = "(nothing)"


def label_counts(images: pa.Table) -> dict[str, dict[str, int]]:
    """Counts each label's images by split, sorted. An image of several labels counts for each."""
    counts: dict[str, Counter[str]] = {}
    columns = (images[name].to_pylist() for name in ("label", "objects", "split"))
    alike = Counter(zip(*columns, strict=True))
    for (label, objects, split), number in alike.items():
        for each in label_names(label, objects) or [NOTHING]:
            counts.setdefault(each, Counter())[split] += number
    return {label: dict(counts[label]) for label in sorted(counts)}
