"""Pictures that show nearly the same: found by perceptual hash, confirmed by their thumbnails.

The hash alone is not to be trusted: drawings of few lines have similar hashes though they show
other things, so that what the hash finds must also have nearly the same thumbnail.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from training.measuring import THUMBNAIL_SIDE

# Measured: `python -m benchmarks --only auditing`, docs/benchmarks.md.
NEAR_DISTANCE = 6
LEAST_LIKENESS = 0.99
# Of distances: up to it, two flipped bits in a band are enough to find all.
MOST_BITS = 11
# A picture this close to one that is there already is found wherever that one is.
_SAME_DISTANCE, _SAME_LIKENESS = 2, 0.999
# More different pictures of one hash are not compared with each other: such a hash says nothing.
MOST_OF_A_HASH = 256
_BANDS, _BAND_BITS = 4, 16
# Levels: a thumbnail with less of them is rounding rather than picture.
_LEAST_CONTRAST = 1.0


@dataclass(frozen=True, slots=True)
class Near:
    """A picture that was found: its place, its hash's distance in bits, and the correlation."""

    place: int
    distance: int
    likeness: float


class NearIndex:
    """Pictures to find near duplicates among. What it holds grows with the different pictures.

    Hashes are cut into four bands of 16 bits. If two hashes differ in at most `distance` bits, one
    band differs in at most a quarter of them: only pictures with such a band are looked at
    (M. Norouzi, A. Punjani, D. Fleet, "Fast search in Hamming space with multi-index hashing",
    CVPR 2012).

    Attributes:
        crowded: pictures that were not added, since `MOST_OF_A_HASH` others have the same hash.
    """

    def __init__(self, pictures: "Pictures", distance: int):
        if not 0 <= distance <= MOST_BITS:
            raise ValueError(f"near distance: wanted 0 to {MOST_BITS} bits, got {distance}")
        self._pictures, self._distance = pictures, distance
        self._places: dict[int, list[int]] = {}
        self._bands: list[dict[int, list[int]]] = [defaultdict(list) for _ in range(_BANDS)]
        self.crowded = 0

    def add(self, place: int) -> None:
        """A picture to be found, unless one that is as good as the same is there."""
        hash_ = self._pictures.hashes[place]
        if self._confirmed(place, self._hashes(hash_, _SAME_DISTANCE), _SAME_LIKENESS):
            return
        there = self._places.get(hash_)
        if there is None:
            self._places[hash_] = [place]
            for band, value in zip(self._bands, _cut(hash_), strict=True):
                band[value].append(hash_)
        elif len(there) < MOST_OF_A_HASH:
            there.append(place)
        else:
            self.crowded += 1

    def find(self, place: int) -> list[Near]:
        """Those near a picture, in no order."""
        found = self._hashes(self._pictures.hashes[place], self._distance)
        return self._confirmed(place, found, LEAST_LIKENESS)

    def _hashes(self, hash_: int, distance: int) -> dict[int, int]:
        """The hashes that are there within `distance`, each with its distance."""
        found: dict[int, int] = {}
        for band, value in zip(self._bands, _cut(hash_), strict=True):
            for flipped in _FLIPS[distance // _BANDS]:
                for other in band.get(value ^ flipped, ()):
                    if other not in found and (between := (hash_ ^ other).bit_count()) <= distance:
                        found[other] = between
        return found

    def _confirmed(self, place: int, hashes: dict[int, int], least: float) -> list[Near]:
        places = [other for hash_ in hashes for other in self._places[hash_]]
        if not places:
            return []
        likeness = self._pictures.likeness(place, places)
        return [
            Near(places[i], hashes[self._pictures.hashes[places[i]]], float(likeness[i]))
            for i in np.flatnonzero(likeness >= least)
        ]


class Pictures:
    """Hashes and thumbnails of different pictures, by place.

    Args:
        measures: columns phash and thumbnail of training.measuring.
    """

    def __init__(self, measures: pa.Table):
        self.hashes: list[int] = _interleaved(measures["phash"].to_numpy()).tolist()
        size = THUMBNAIL_SIDE**2
        data = b"".join(measures["thumbnail"].to_pylist())
        self._thumbnails = np.frombuffer(data, np.uint8).reshape(-1, size)
        self._means = self._thumbnails.mean(axis=1, dtype=np.float32)
        deviations = self._thumbnails.std(axis=1, dtype=np.float32)
        # Nothing is like a picture whose thumbnail shows nothing.
        deviations[deviations < _LEAST_CONTRAST] = np.inf
        self._norms = deviations * np.sqrt(size)

    def __len__(self) -> int:
        return len(self.hashes)

    def likeness(self, place: int, others: list[int]) -> np.ndarray:
        """The correlation of a picture's thumbnail with those of others, -1 to 1."""
        own = self._thumbnails[place].astype(np.float32) - self._means[place]
        # The means of the others fall out: `own` sums to 0.
        return self._thumbnails[others] @ own / (self._norms[others] * self._norms[place])


def _interleaved(hashes: np.ndarray) -> np.ndarray:
    """Every fourth bit goes into the same band: neighbouring frequencies depend on each other."""
    bits = np.unpackbits(hashes.astype(">u8").view(np.uint8)).reshape(-1, _BAND_BITS, _BANDS)
    return np.packbits(bits.transpose(0, 2, 1).reshape(-1, 64), axis=1).view(">u8")[:, 0]


def _cut(hash_: int) -> tuple[int, ...]:
    return tuple(hash_ >> _BAND_BITS * band & 0xFFFF for band in range(_BANDS))


def _flips(bits: int) -> list[int]:
    """The numbers of 16 bits of which at most `bits` are set."""
    return [flip for flip in range(1 << _BAND_BITS) if flip.bit_count() <= bits]


_FLIPS = [_flips(bits) for bits in range(3)]
