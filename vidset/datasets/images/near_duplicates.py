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
# Of so many hashes all pairs are looked for at once, but for those that have a band in common with
# more than so many others each.
_MANY, _MOST_PAIRS = 512, 1024
_SET = np.array([number.bit_count() for number in range(1 << 16)], np.uint8)
# Levels: a thumbnail with less of them is rounding rather than picture.
_LEAST_CONTRAST = 1.0

Alike = dict[int, list[tuple[int, int]]]


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
        self._bands: list[dict[int, list[int]]] = [defaultdict(list) for _ in _BANDS]
        self._alike = pictures.alike(max(distance, _SAME_DISTANCE))
        self._has_full_band = False
        # Whether a band has a value: asked for hundreds of values at a time.
        self._there = [np.zeros(1 << bits, np.bool_) for bits in _BANDS]
        self.crowded: set[int] = set()

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
            for band, there, value in zip(self._bands, self._there, _cut(hash_), strict=True):
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
        hashes = _interleaved(measures["phash"].to_numpy())
        self.hashes: list[int] = hashes.tolist()
        self._different = np.unique(hashes.astype(np.int64))
        self._alike: dict[int, Alike | None] = {}
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

    def alike(self, distance: int) -> Alike | None:
        """Return, for each hash that has some, the others within `distance`, with their distances.

        None: there are too many, or so few that asking for each is as quick.
        """
        if distance not in self._alike:
            self._alike[distance] = _alike(self._different, distance)
        return self._alike[distance]

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


def _alike(hashes: np.ndarray, distance: int) -> Alike | None:
    """See `Pictures.alike`.

    Args:
        hashes: different ones, as int64.
    """
    if len(hashes) < _MANY:
        return None
    pairs, number = [], 0
    for band, bits in enumerate(_BANDS):
        values = hashes.view(np.uint64) >> sum(_BANDS[band + 1 :]) & (1 << bits) - 1
        values = values.astype(np.int64)
        order = np.argsort(values, kind="stable")
        counts = np.bincount(values, minlength=1 << bits)
        ends = np.cumsum(counts, dtype=np.int32)
        for flip in _FLIPS[distance][band]:
            wanted = values ^ flip
            each = counts[wanted]
            if (number := number + int(each.sum())) > _MOST_PAIRS * max(1, len(hashes)):
                return None
            one = np.flatnonzero(each)
            each = each[one]
            # The places in `order` of those that have the value, one after the other.
            before = np.repeat(np.cumsum(each) - each, each)
            place = np.repeat(ends[wanted[one]] - each, each) + np.arange(each.sum()) - before
            one, other = np.repeat(one, each), order[place]
            is_near = (one < other) & (_bits_set(hashes[one] ^ hashes[other]) <= distance)
            pairs.append(one[is_near] * len(hashes) + other[is_near])
    one, other = np.divmod(np.unique(np.concatenate(pairs)), len(hashes))
    apart = _bits_set(hashes[one] ^ hashes[other])
    named = hashes.view(np.uint64)
    found: Alike = {}
    for *pair, bits in zip(named[one].tolist(), named[other].tolist(), apart.tolist(), strict=True):
        for hash_, near in (pair, pair[::-1]):
            found.setdefault(hash_, []).append((near, bits))
    return found


def _bits_set(values: np.ndarray) -> np.ndarray:
    return _SET[values.view(np.uint16).reshape(-1, 4)].sum(axis=1)


def _cut(hash_: int) -> tuple[int, int, int]:
    _, second, third = _BANDS
    low = hash_ & (1 << third) - 1
    middle = hash_ >> third & (1 << second) - 1
    return hash_ >> second + third, middle, low


def _flips_of(distance: int) -> list[np.ndarray]:
    """Returns for each band the bits to flip: enough to find all hashes within `distance`."""
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
