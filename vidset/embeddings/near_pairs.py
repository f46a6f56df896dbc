"""Pairs of images that show nearly the same, and the images that labeled or chosen ones cover."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, slots=True)
class Near:
    """A near duplicate of an image.

    Attributes:
        image_sha256: its hash, as hex.
        cosine: of the two images' vectors.
        is_mirrored: whether it is near only when it is turned left to right.
    """

    image_sha256: str
    cosine: float
    is_mirrored: bool


@dataclass(slots=True, eq=False)
class NearPairs:
    """Pairs of images that show nearly the same. Each pair stands here once.

    An image that is like very many has its nearest here, and not all of them.

    Attributes:
        hashes: of the images, as hex.
        ones, others: (pairs,) int32 numbers of `hashes`.
        cosines: (pairs,) float32.
        mirrored: (pairs,) bool: near only when one of them is turned left to right.
    """

    hashes: Sequence[str]
    ones: np.ndarray
    others: np.ndarray
    cosines: np.ndarray
    mirrored: np.ndarray
    _numbers: dict[str, int] | None = field(default=None, init=False, repr=False)
    _pairs_of: tuple[np.ndarray, np.ndarray] | None = field(default=None, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.ones)

    def near(self, image_sha256: str) -> list[Near]:
        """Return the near duplicates of an image, the nearest first; none for an unknown image."""
        if self._numbers is None:
            self._numbers = {each: number for number, each in enumerate(self.hashes)}
        number = self._numbers.get(image_sha256)
        if number is None:
            return []
        if self._pairs_of is None:
            # Of each image, the numbers of its pairs stand behind each other.
            ends = np.concatenate([self.ones, self.others])
            starts = np.searchsorted(np.sort(ends), np.arange(len(self.hashes) + 1))
            self._pairs_of = np.argsort(ends, kind="stable"), starts
        order, starts = self._pairs_of
        found = []
        start, end = starts[number : number + 2].tolist()
        for place in order[start:end].tolist():
            pair = place % len(self)
            other = self.others[pair] if place < len(self) else self.ones[pair]
            near = Near(
                self.hashes[int(other)], float(self.cosines[pair]), bool(self.mirrored[pair])
            )
            found.append(near)
        return sorted(found, key=lambda each: (-each.cosine, each.image_sha256))


class Covered:
    """The images that are labeled or chosen; a near duplicate of one of them need not be.

    A mirrored picture does not count: it teaches something, and it has other labels.

    Args:
        pairs: see `vidset.embeddings.near_index`.
        taken: the hashes of images that are labeled or chosen already.
    """

    def __init__(self, pairs: NearPairs, taken: Iterable[str] = ()):
        self._pairs, self._taken = pairs, set(taken)

    def take(self, image_sha256: str) -> None:
        """Count an image as chosen from now on."""
        self._taken.add(image_sha256)

    def covered_by(self, image_sha256: str) -> str | None:
        """Return the nearest image that is taken and shows nearly the same; None if none does.

        An image that is taken is covered by itself.
        """
        if image_sha256 in self._taken:
            return image_sha256
        for near in self._pairs.near(image_sha256):
            if not near.is_mirrored and near.image_sha256 in self._taken:
                return near.image_sha256
        return None
