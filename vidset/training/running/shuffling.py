"""In which order an epoch takes the training images."""

import hashlib
from collections.abc import Sequence

from vidset.datasets.versions.entry import Entry


def epoch_order(entries: Sequence[Entry], seed: int, epoch: int) -> list[int]:
    """Indices of the images, shuffled: by SHA-256 of seed, epoch and the image's name.

    The same in any version of any library, and whatever the order of `entries` is.
    """

    def key(place: int) -> bytes:
        entry = entries[place]
        name = f"{seed} {epoch} {entry.image_sha256} {entry.image_uri}"
        return hashlib.sha256(name.encode()).digest()

    return sorted(range(len(entries)), key=key)
