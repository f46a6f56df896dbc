"""Groups of images onto the sides of a split: by shares, alike in labels, and for good.

The order of the rows, of files and of groups says nothing: what is equal otherwise is decided by a
hash of the seed and the group's name.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from training.entry import TEST, TRAIN, VALIDATION
from training.errors import DatasetError
from training.manifest import Manifest

type Label = str | None
Labels = str | None | Sequence[str]


def drop_rank(split: str) -> tuple[int, str]:
    """Which of two sides gives way when an image is on both: the one with the higher rank.

    Training does, so that evaluation sets stay as they are; then the later of validation, test,
    and others by name.
    """
    known = {TRAIN: 3, VALIDATION: 0, TEST: 1}
    return known.get(split, 2), split
