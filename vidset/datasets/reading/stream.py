"""The order in which images are read: shuffled, cut into shards, and resumable at any image."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Shard:
    """The part of the images that one worker of one machine reads.

    Attributes:
        rank, ranks: which process of a distributed training this is, and how many there are.
        worker, workers: which worker of that process's data loader.
        is_even: leave out the last images so that all shards have the same number.
    """

    rank: int = 0
    ranks: int = 1
    worker: int = 0
    workers: int = 1
    is_even: bool = False

    def __post_init__(self) -> None:
        for one, of, name in (
            (self.rank, self.ranks, "rank"),
            (self.worker, self.workers, "worker"),
        ):
            if not 0 <= one < of:
                raise DatasetError(f"{name}: wanted 0 to {of - 1} of {of}, got {one}")

    def cut(self, order: Sequence[int]) -> Sequence[int]:
        """Return this shard's part of an order: every n-th image, from its own place on."""
        number = self.ranks * self.workers
        whole = len(order) - len(order) % number if self.is_even else len(order)
        return order[self.rank * self.workers + self.worker : whole : number]


def shuffled(manifest: Manifest, seed: int, epoch: int) -> list[int]:
    """Return the rows of a manifest in the order in which an epoch takes them.

    They are sorted by SHA-256 of seed, epoch and the image's name, so the order depends on no
    library and not on the order of the rows.
    """
    names = zip(
        manifest.table["image_sha256"].to_pylist(),
        manifest.table["image_uri"].to_pylist(),
        strict=True,
    )
    keys = [epoch_key(seed, epoch, *name) for name in names]
    return sorted(range(len(keys)), key=keys.__getitem__)


def epoch_key(seed: int, epoch: int, image_sha256: str, image_uri: str) -> bytes:
    """Return what an epoch sorts an image by."""
    return hashlib.sha256(f"{seed} {epoch} {image_sha256} {image_uri}".encode()).digest()


def places_of(
    manifest: Manifest, seed: int | None, epoch: int, shard: Shard, start: int
) -> Iterator[tuple[int, int]]:
    """Return (number in the shard, row of the manifest), from the number `start` on.

    Raises:
        DatasetError: `start` is negative.
    """
    if start < 0:
        raise DatasetError(f"start: wanted 0 or more, got {start}")
    order = range(len(manifest)) if seed is None else shuffled(manifest, seed, epoch)
    return enumerate(shard.cut(order)[start:], start)
