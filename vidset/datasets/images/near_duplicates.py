"""Pictures that show nearly the same: found by perceptual hash, confirmed by their thumbnails.

The hash alone is not to be trusted: drawings of few lines have similar hashes though they show
other things, so that what the hash finds must also have nearly the same thumbnail.
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
import pyarrow as pa

from vidset.datasets.images.hash_bands import (
    BANDS,
    FLIPS,
    MOST_BITS,
    Alike,
    alike,
    cut,
    fullest_band,
    interleaved,
)
from vidset.datasets.images.measures import THUMBNAIL_SIDE

# Measured: `python -m benchmarks --only auditing`, docs/benchmarks.md.
NEAR_DISTANCE = 6
LEAST_LIKENESS = 0.95
# A picture this close to one that is there already is found wherever that one is.
_SAME_DISTANCE, _SAME_LIKENESS = 2, 0.999
# More different pictures of one hash, or hashes with one band in common, are not compared with each
# other: there the hash says nothing, and comparing all would take the square of their number.
MOST_ALIKE = 256
_MOST_COMPARED = 4 * MOST_ALIKE
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
    "Fast search in Hamming space with multi-index hashing", CVPR 2012). As long as no band is full,
    this finds what `Pictures.alike` has found for all pictures at once, which is quicker.

    Attributes:
        crowded: the places of pictures that were not compared with all others.
    """

    def __init__(self, pictures: "Pictures", distance: int, least_likeness: float = LEAST_LIKENESS):
        if not 0 <= distance <= MOST_BITS:
            raise ValueError(f"near distance: wanted 0 to {MOST_BITS} bits, got {distance}")
        self._pictures, self._distance, self._least = pictures, distance, least_likeness
        self._places: dict[int, list[int]] = {}
        self._bands: list[dict[int, list[int]]] = [defaultdict(list) for _ in BANDS]
        self._alike = pictures.alike(max(distance, _SAME_DISTANCE))
        self._has_full_band = False
        # Whether a band has a value: asked for hundreds of values at a time.
        self._there = [np.zeros(1 << bits, np.bool_) for bits in BANDS]
        self.crowded: set[int] = set()

    @property
    def has_candidates(self) -> np.ndarray:
        """Tell of each place whether its picture may be near another of all the pictures.

        What is found is the same where all others are neither added nor asked for.
        """
        return self._pictures.has_candidates(max(self._distance, _SAME_DISTANCE))

    def add(self, place: int) -> None:
        """A picture to be found, unless one that is as good as the same is there."""
        if not self._confirmed(place, _SAME_DISTANCE, _SAME_LIKENESS):
            self._put(place)

    def find(self, place: int) -> list[Near]:
        """Returns the pictures near a picture, in no order."""
        return self._confirmed(place, self._distance, self._least)

    def take(self, place: int) -> list[Near]:
        """Find those near a picture, and add it."""
        found = self.find(place)
        if self._distance < _SAME_DISTANCE or self._least > _SAME_LIKENESS or self._has_full_band:
            self.add(place)
        elif not any(
            near.distance <= _SAME_DISTANCE and near.likeness >= _SAME_LIKENESS for near in found
        ):
            self._put(place)
        return found

    def _put(self, place: int) -> None:
        hash_ = self._pictures.hashes[place]
        others = self._places.get(hash_)
        if others is None:
            self._places[hash_] = [place]
            for band, there, value in zip(self._bands, self._there, cut(hash_), strict=True):
                if len(band[value]) < MOST_ALIKE:
                    band[value].append(hash_)
                    there[value] = True
                else:
                    self.crowded.add(place)
                    self._has_full_band = True
        elif len(others) < MOST_ALIKE:
            others.append(place)
        else:
            self.crowded.add(place)

    def _quickly(self, place: int, distance: int) -> dict[int, int] | None:
        """Does what `_hashes` does, or returns None where it is not possible.

        That is where not all pictures may be compared, so that their order matters.
        """
        hash_ = self._pictures.hashes[place]
        if self._alike is None or self._has_full_band:
            return None
        found = {hash_: 0} if hash_ in self._places else {}
        for other, bits in self._alike.get(hash_, ()):
            if bits <= distance and other in self._places:
                found[other] = bits
        is_few = sum(len(self._places[each]) for each in found) < MOST_ALIKE
        return found if is_few else None

    def _hashes(self, place: int, distance: int) -> dict[int, int]:
        """The hashes that are there within `distance`, each with its distance."""
        if (quickly := self._quickly(place, distance)) is not None:
            return quickly
        hash_ = self._pictures.hashes[place]
        found = {hash_: 0} if hash_ in self._places else {}
        for number, value in enumerate(cut(hash_)):
            values = value ^ FLIPS[distance][number]
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
        hashes = interleaved(measures["phash"].to_numpy())
        self.hashes: list[int] = hashes.tolist()
        self._named = hashes.astype(np.uint64)
        self._different = np.unique(hashes.astype(np.int64))
        self._alike: dict[int, Alike | None] = {}
        size = THUMBNAIL_SIDE**2
        column = measures["thumbnail"].combine_chunks()
        data = column.buffers()[1]
        levels = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
        self._thumbnails = levels.reshape(-1, size)[column.offset : column.offset + len(column)]

    @cached_property
    def _scales(self) -> tuple[np.ndarray, np.ndarray]:
        """Each thumbnail's mean, and its length once that is taken away."""
        deviations = np.empty(len(self._thumbnails))
        for start in range(0, len(deviations), _CHUNK_ROWS):  # In floats they take much memory.
            chunk = slice(start, start + _CHUNK_ROWS)
            deviations[chunk] = self._thumbnails[chunk].std(axis=1)
        # Nothing is like a picture whose thumbnail shows nothing.
        deviations[deviations < _LEAST_CONTRAST] = np.inf
        size = self._thumbnails.shape[1]
        return self._thumbnails.mean(axis=1), deviations * np.sqrt(size)

    def __len__(self) -> int:
        return len(self.hashes)

    def alike(self, distance: int) -> Alike | None:
        """Return, for each hash that has some, the others within `distance`, with their distances.

        None: there are too many, or so few that asking for each is as quick.
        """
        if distance not in self._alike:
            self._alike[distance] = alike(self._different, distance)
        return self._alike[distance]

    def has_candidates(self, distance: int) -> np.ndarray:
        """Tell of each place whether another has its hash, or one within `distance`.

        All may be so where that is not known, or where a band of the index may become full: then
        it matters which hashes stand in it.
        """
        near = self.alike(distance)
        if near is None or fullest_band(self._different) > MOST_ALIKE:
            return np.ones(len(self), np.bool_)
        named, places, counts = np.unique(self._named, return_inverse=True, return_counts=True)
        hashes = np.fromiter(near, np.uint64, len(near))
        return ((counts > 1) | np.isin(named, hashes))[places]

    def likeness(self, place: int, others: list[int]) -> np.ndarray:
        """The correlation of a picture's thumbnail with those of others, -1 to 1."""
        means, norms = self._scales
        own = self._thumbnails[place] - means[place]
        # The means of the others fall out: `own` sums to 0.
        return self._thumbnails[others] @ own / (norms[others] * norms[place])
