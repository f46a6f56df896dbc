"""Finds images that belong together: they must stay on one side of the split."""

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

from vidset.datasets.images.near_duplicates import NearIndex
from vidset.datasets.images.pictures import Pictured, pictured
from vidset.joined import Joined


def join_groups(
    images: pa.Table,
    measures: pa.Table,
    near_distance: int | None,
    alike: Iterable[tuple[str, str]] = (),
    seen: Pictured | None = None,
) -> list[str]:
    """The group of each row of `images`, in its order.

    Joined are: images of one source group, copies of one image, equal pixels, what was made from
    one collected image, near duplicates, and those that are alike in several videos; and all of
    them over several steps. A group is called
    by the smallest of its source groups' names or, without one, by the smallest of its images'
    hashes: the order of the rows says nothing.

    Blank images are joined with each other only where nobody told their group: the black frames
    that many videos begin with must not make one group of all videos.

    Args:
        images: image_sha256, group (null: nobody told), and origin where there is one.
        measures: vidset.datasets.images.measures's, a row for each image at least.
        near_distance: of the perceptual hashes, in bits; None: near duplicates are not joined.
        alike: pairs of images, by hash; those that are not in `images` are passed over.
        seen: the pictures of the rows, where they are known already.

    Raises:
        DatasetError: an image has no measures.
    """
    hashes = images["image_sha256"].to_pylist()
    named = images["group"].to_pylist()
    seen = seen or pictured(hashes, measures)
    joined = Joined(len(hashes))
    _join_equals(joined, named)
    _join_equals(
        joined,
        [
            None if blank and name is not None else pixels
            for pixels, blank, name in zip(seen.pixels, seen.blank, named, strict=True)
        ],
    )
    if "origin" in images.column_names:
        _join_origins(joined, hashes, images["origin"].to_pylist())
    if near_distance is not None:
        _join_near(joined, seen, near_distance)
    first = {hash_: place for place, hash_ in reversed(list(enumerate(hashes)))}
    for one, other in alike:
        if one in first and other in first:
            joined.join(first[one], first[other])
    names: dict[int, tuple[bool, str]] = {}
    for place, (hash_, name) in enumerate(zip(hashes, named, strict=True)):
        root = joined.root(place)
        own = (name is None, hash_ if name is None else name)
        names[root] = min(names.get(root, own), own)
    return [names[joined.root(place)][1] for place in range(len(hashes))]


def _join_equals(joined: Joined, values: Iterable[str | None]) -> None:
    first: dict[str, int] = {}
    for place, value in enumerate(values):
        if value is not None and (before := first.setdefault(value, place)) != place:
            joined.join(place, before)


def _join_origins(joined: Joined, hashes: Sequence[str], origins: Sequence[str | None]) -> None:
    """An image, and what was made from it, whether or not the image itself is there still."""
    first: dict[str, int] = {}
    for place, (hash_, origin) in enumerate(zip(hashes, origins, strict=True)):
        if origin is not None and origin != hash_:
            joined.join(place, first.setdefault(origin, place))
    for place, hash_ in enumerate(hashes):
        if hash_ in first:
            joined.join(place, first[hash_])


def _join_near(joined: Joined, seen: Pictured, distance: int) -> None:
    row_of = {place: row for row, place in enumerate(seen.places)}
    index = NearIndex(seen.pictures, distance)
    for place in np.flatnonzero(index.has_candidates).tolist():
        for near in index.take(place):
            joined.join(row_of[place], row_of[near.place])
