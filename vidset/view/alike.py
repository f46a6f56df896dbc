"""Groups images that look alike, also of several videos, by their perceptual hashes.

Each hash joins the first one before it that differs in few bits, and hashes that others have joined
join nothing: along a street, where each image is like the next one, no group holds the whole drive.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from vidset.datasets.images.hash_bands import bits_set

MOST_BITS = 3
"""Hashes of so many different bits, of 64, or fewer are alike."""

# Hashes with at most 3 different bits have one of four bands in common.
_BANDS, _BAND_BITS = 4, 16
# Where more hashes share a band, they are of pictures without much in them: each is compared with
# so many that stand behind it.
_MOST_IN_BAND = 32

HASHES = (
    "SELECT phash, min(n) AS first, count(*) AS images FROM kept "
    "WHERE phash IS NOT NULL GROUP BY 1 ORDER BY first"
)
"""The different hashes of the page's images, the first image of each, and how many have it."""


def alike_rows(hashes: Mapping[str, Any]) -> pa.Table:
    """Return the rows of the page's table `alike` for what HASHES gives.

    The number of a group is that of its first image.
    """
    leaders = group_alike(hashes["phash"])
    images = np.bincount(leaders, hashes["images"], len(leaders)).astype(np.int64)
    first = np.asarray(hashes["first"], np.int64)
    return pa.table(
        {
            "phash": pa.array(hashes["phash"], pa.string()),
            "alike": first[leaders],
            "images": images[leaders],
        }
    )


def group_alike(hashes: Sequence[str]) -> np.ndarray:
    """Return for each of some different hashes the place of the one that leads its group.

    Args:
        hashes: 16 hex digits each; earlier ones lead.

    Returns:
        (k,) int64.
    """
    values = np.array([int(each, 16) for each in hashes], np.uint64)
    ones, others = _near(values)
    leaders = np.arange(len(values), dtype=np.int64)
    is_taken = np.zeros(len(values), bool)
    order = np.lexsort((others, ones))
    for one, other in zip(ones[order].tolist(), others[order].tolist(), strict=True):
        if not is_taken[one] and not is_taken[other]:
            leaders[other], is_taken[other] = one, True
    return leaders


def _near(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of places whose hashes are alike, the earlier one first."""
    found = []
    for band in range(_BANDS):
        part = (values >> np.uint64(band * _BAND_BITS)).astype(np.uint16)
        order = np.argsort(part, kind="stable")
        for step in range(1, _MOST_IN_BAND):
            one, other = order[:-step], order[step:]
            is_same = part[one] == part[other]
            if not is_same.any():
                break
            one, other = one[is_same], other[is_same]
            is_near = bits_set(values[one] ^ values[other]) <= MOST_BITS
            found.append(one[is_near] * len(values) + other[is_near])
    pairs = np.unique(np.concatenate([*found, np.empty(0, np.int64)]))
    return pairs // max(1, len(values)), pairs % max(1, len(values))
