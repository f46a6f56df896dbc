"""Pictures that show nearly the same: found by perceptual hash, confirmed by their thumbnails.

The hash alone is not to be trusted: drawings of few lines have similar hashes though they show
other things, so that what the hash finds must also have nearly the same thumbnail.
"""

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np
import pyarrow as pa

from vidset.datasets.images.measures import THUMBNAIL_SIDE

# Measured: `python -m benchmarks --only auditing`, docs/benchmarks.md.
NEAR_DISTANCE = 6
LEAST_LIKENESS = 0.95
# Of distances: beyond it, looking for near hashes takes long, and most are of other pictures.
MOST_BITS = 8
# A picture this close to one that is there already is found wherever that one is.
_SAME_DISTANCE, _SAME_LIKENESS = 2, 0.999
# More different pictures of one hash, or hashes with one band in common, are not compared with each
# other: there the hash says nothing, and comparing all would take the square of their number.
MOST_ALIKE = 256
_MOST_COMPARED = 4 * MOST_ALIKE
_BANDS = (22, 21, 21)
_CHUNK_ROWS = 10_000
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

    Hashes are cut into three bands, and each band has an index. If two hashes differ in at most 6
    bits, then the first band differs in at most 2, or one of the others in at most 1 (else it were
    3 + 2 + 2 = 7): only pictures with such a band are looked at (M. Norouzi, A. Punjani, D. Fleet,
    "Fast search in Hamming space with multi-index hashing", CVPR 2012).

    Attributes:
        crowded: the places of pictures that were not compared with all others.
    """

    def __init__(self, pictures: "Pictures", distance: int, least_likeness: float = LEAST_LIKENESS):
        if not 0 <= distance <= MOST_BITS:
            raise ValueError(f"near distance: wanted 0 to {MOST_BITS} bits, got {distance}")
        self._pictures, self._distance, self._least = pictures, distance, least_likeness
        self._places: dict[int, list[int]] = {}
        self._bands: list[dict[int, list[int]]] = [defaultdict(list) for _ in _BANDS]
        # Whether a band has a value: asked for hundreds of values at a time.
        self._there = [np.zeros(1 << bits, np.bool_) for bits in _BANDS]
        self.crowded: set[int] = set()

    def add(self, place: int) -> None:
        """A picture to be found, unless one that is as good as the same is there."""
        hash_ = self._pictures.hashes[place]
        if self._confirmed(place, _SAME_DISTANCE, _SAME_LIKENESS):
            return
        others = self._places.get(hash_)
        if others is None:
            self._places[hash_] = [place]
            for band, there, value in zip(self._bands, self._there, _cut(hash_), strict=True):
                if len(band[value]) < MOST_ALIKE:
                    band[value].append(hash_)
                    there[value] = True
                else:
                    self.crowded.add(place)
        elif len(others) < MOST_ALIKE:
            others.append(place)
        else:
            self.crowded.add(place)

    def find(self, place: int) -> list[Near]:
        """Those near a picture, in no order."""
        return self._confirmed(place, self._distance, self._least)

    def _hashes(self, place: int, distance: int) -> dict[int, int]:
        """The hashes that are there within `distance`, each with its distance."""
        hash_ = self._pictures.hashes[place]
        found = {hash_: 0} if hash_ in self._places else {}
        for number, value in enumerate(_cut(hash_)):
            values = value ^ _FLIPS[distance][number]
            for near in values[self._there[number][values]].tolist():
                for other in self._bands[number][near]:
                    if (between := (hash_ ^ other).bit_count()) <= distance:
                        found[other] = between
                if len(found) > MOST_ALIKE:
                    self.crowded.add(place)
                    return found
        return found

    def _confirmed(self, place: int, distance: int, least: float) -> list[Near]:
        hashes = self._hashes(place, distance)
        each = (other for hash_ in hashes for other in self._places[hash_])
        places = list(islice(each, _MOST_COMPARED))
        if len(places) == _MOST_COMPARED:
            self.crowded.add(place)
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
        measures: columns phash and thumbnail of vidset.datasets.images.measures.
    """

    def __init__(self, measures: pa.Table):
        self.hashes: list[int] = _interleaved(measures["phash"].to_numpy()).tolist()
        size = THUMBNAIL_SIDE**2
        column = measures["thumbnail"].combine_chunks()
        data = column.buffers()[1]
        levels = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
        self._thumbnails = levels.reshape(-1, size)[column.offset : column.offset + len(column)]
        self._means = self._thumbnails.mean(axis=1)
        deviations = np.empty(len(self._thumbnails))
        for start in range(0, len(deviations), _CHUNK_ROWS):  # In floats they take much memory.
            chunk = slice(start, start + _CHUNK_ROWS)
            deviations[chunk] = self._thumbnails[chunk].std(axis=1)
        # Nothing is like a picture whose thumbnail shows nothing.
        deviations[deviations < _LEAST_CONTRAST] = np.inf
        self._norms = deviations * np.sqrt(size)

    def __len__(self) -> int:
        return len(self.hashes)

    def likeness(self, place: int, others: list[int]) -> np.ndarray:
        """The correlation of a picture's thumbnail with those of others, -1 to 1."""
        own = self._thumbnails[place] - self._means[place]
        # The means of the others fall out: `own` sums to 0.
        return self._thumbnails[others] @ own / (self._norms[others] * self._norms[place])


def _interleaved(hashes: np.ndarray) -> np.ndarray:
    """Every third bit goes into the same band: neighbouring frequencies depend on each other."""
    bits = np.unpackbits(hashes.astype(">u8").view(np.uint8)).reshape(-1, 64)
    order = np.argsort(np.arange(64) % len(_BANDS), kind="stable")
    packed = np.packbits(np.ascontiguousarray(bits[:, order]), axis=1)
    return packed.reshape(-1).view(">u8")


def _cut(hash_: int) -> tuple[int, int, int]:
    _, second, third = _BANDS
    low = hash_ & (1 << third) - 1
    middle = hash_ >> third & (1 << second) - 1
    return hash_ >> second + third, middle, low


def _flips_of(distance: int) -> list[np.ndarray]:
    """For each band the bits to flip: so many that all hashes within `distance` are found."""
    bands = len(_BANDS)
    shares = [(distance + bands - place) // bands for place in range(bands)]
    return [_flips(bits, share - 1) for bits, share in zip(_BANDS, shares, strict=True)]


def _flips(bits: int, most: int) -> np.ndarray:
    """All numbers of so many bits of which at most `most` are set; none for -1."""
    flips = [
        sum(1 << place for place in places)
        for count in range(most + 1)
        for places in combinations(range(bits), count)
    ]
    return np.array(flips, np.int64)


_FLIPS = [_flips_of(distance) for distance in range(MOST_BITS + 1)]
