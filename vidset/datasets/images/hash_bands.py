"""Finds perceptual hashes that differ in few bits, by bands that they have in common.

A hash is an int of 64 bits, cut into three bands. See `vidset.datasets.images.near_duplicates`.
"""

from itertools import combinations

import numpy as np

# Of distances: beyond it, looking for near hashes takes long, and most are of other pictures.
MOST_BITS = 8
BANDS = (22, 21, 21)
# Of so many hashes all pairs are looked for at once, but for those that have a band in common with
# more than so many others each.
_MANY, _MOST_PAIRS = 512, 1024
_SET = np.array([number.bit_count() for number in range(1 << 16)], np.uint8)

Alike = dict[int, list[tuple[int, int]]]


def interleaved(hashes: np.ndarray) -> np.ndarray:
    """Every third bit goes into the same band: neighbouring frequencies depend on each other."""
    bits = np.unpackbits(hashes.astype(">u8").view(np.uint8)).reshape(-1, 64)
    order = np.argsort(np.arange(64) % len(BANDS), kind="stable")
    packed = np.packbits(np.ascontiguousarray(bits[:, order]), axis=1)
    return packed.reshape(-1).view(">u8")


def alike(hashes: np.ndarray, distance: int) -> Alike | None:
    """Return, for each hash that has some, the others within `distance`, with their distances.

    None: there are too many, or so few that asking for each is as quick.

    Args:
        hashes: (n,) int64, different ones.
    """
    if len(hashes) < _MANY:
        return None
    pairs, number = [], 0
    for band, bits in enumerate(BANDS):
        values = _values(hashes, band)
        order = np.argsort(values, kind="stable")
        counts = np.bincount(values, minlength=1 << bits)
        ends = np.cumsum(counts, dtype=np.int32)
        there = counts > 0  # A byte for each value: the processor has it at hand.
        for flip in FLIPS[distance][band]:
            wanted = values ^ flip
            one = np.flatnonzero(there[wanted])
            wanted = wanted[one]
            each = counts[wanted]
            if (number := number + int(each.sum())) > _MOST_PAIRS * max(1, len(hashes)):
                return None
            # The places in `order` of those that have the value, one after the other.
            before = np.repeat(np.cumsum(each) - each, each)
            place = np.repeat(ends[wanted] - each, each) + np.arange(each.sum()) - before
            one, other = np.repeat(one, each), order[place]
            is_near = (one < other) & (bits_set(hashes[one] ^ hashes[other]) <= distance)
            pairs.append(one[is_near] * len(hashes) + other[is_near])
    one, other = np.divmod(np.unique(np.concatenate(pairs)), len(hashes))
    apart = bits_set(hashes[one] ^ hashes[other])
    named = hashes.view(np.uint64)
    found: Alike = {}
    for *pair, bits in zip(named[one].tolist(), named[other].tolist(), apart.tolist(), strict=True):
        for hash_, near in (pair, pair[::-1]):
            found.setdefault(hash_, []).append((near, bits))
    return found


def _values(hashes: np.ndarray, band: int) -> np.ndarray:
    """A band of each hash, which is an int64."""
    above = hashes.view(np.uint64) >> sum(BANDS[band + 1 :])
    return (above & (1 << BANDS[band]) - 1).astype(np.int64)


def fullest_band(hashes: np.ndarray) -> int:
    """The most hashes that have the same value in a band."""
    each = (np.bincount(_values(hashes, band)).max(initial=0) for band in range(len(BANDS)))
    return int(max(each))


def bits_set(values: np.ndarray) -> np.ndarray:
    """Count the bits that are set in each number of 64 bits. (NumPy has this from 2.0 on.)"""
    return _SET[values.view(np.uint16).reshape(-1, 4)].sum(axis=1)


def cut(hash_: int) -> tuple[int, int, int]:
    _, second, third = BANDS
    low = hash_ & (1 << third) - 1
    middle = hash_ >> third & (1 << second) - 1
    return hash_ >> second + third, middle, low


def _flips_of(distance: int) -> list[np.ndarray]:
    """Returns for each band the bits to flip: enough to find all hashes within `distance`."""
    bands = len(BANDS)
    shares = [(distance + bands - place) // bands for place in range(bands)]
    return [_flips(bits, share - 1) for bits, share in zip(BANDS, shares, strict=True)]


def _flips(bits: int, most: int) -> np.ndarray:
    """All numbers of so many bits of which at most `most` are set; none for -1."""
    flips = [
        sum(1 << place for place in places)
        for count in range(most + 1)
        for places in combinations(range(bits), count)
    ]
    return np.array(flips, np.int64)


FLIPS = [_flips_of(distance) for distance in range(MOST_BITS + 1)]
