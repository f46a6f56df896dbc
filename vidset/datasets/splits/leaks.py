"""Images that are on two sides of a split, as themselves or as a twin."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from vidset.datasets.images.near_duplicates import Near, NearIndex
from vidset.datasets.images.pictures import Pictured
from vidset.datasets.splits.assign import drop_rank

EXACT, PIXELS, ORIGIN, NEAR, GROUP = KINDS = ("exact", "pixels", "origin", "near", "group")
COLUMNS = ["image_sha256", "image_uri", "split", "label", "group", "origin"]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Image:
    """A row of the manifest."""

    image_sha256: str
    image_uri: str
    split: str
    label: str | None

    @classmethod
    def of(cls, row: Row) -> "Image":
        return cls(row["image_sha256"], row["image_uri"], row["split"], row["label"])


@dataclass(frozen=True, slots=True)
class Leak:
    """An image with a twin in another split.

    Attributes:
        kind: exact (the same file), pixels (another file with the same pixels), origin (made from
            the same collected image), near (shows nearly the same), or group (another image of
            the same video, session or cluster of near duplicates).
        a: on the side that gives way (`assign.drop_rank`): without all images `a`
            there is no leak left.
        b: its closest twin on the other side, or the one that it is the closest twin of.
        distance: of the perceptual hashes, in bits, where they are near.
        likeness: the correlation of their thumbnails, where they are near.
    """

    kind: str
    a: Image
    b: Image
    distance: int | None = None
    likeness: float | None = None

    def __str__(self) -> str:
        how = f", {self.distance} bits, {self.likeness:.3f}" if self.kind == NEAR else ""
        a, b = self.a, self.b
        return f"{a.image_uri} ({a.split}) and {b.image_uri} ({b.split}): {self.kind}{how}"


@dataclass(frozen=True, slots=True)
class Found:
    """`leaks` by kind, strictest first; `crowded`: how many pictures were, see `NearIndex`."""

    leaks: list[Leak]
    crowded: int


def find_leaks_among(images: pa.Table, seen: Pictured, near_distance: int | None) -> Found:
    """See `vidset.datasets.splits.audit.find_leaks`.

    Args:
        images: `COLUMNS` of the manifest, in its order.
        seen: of these images.
    """
    if len(images["split"].unique()) < 2:
        return Found([], 0)
    search = _Search(images)
    search.take_equals(EXACT, images["image_sha256"])
    search.take_equals(PIXELS, pa.chunked_array([pa.array(seen.pixels, pa.string())]))
    search.take_equals(ORIGIN, images["origin"])
    crowded = search.take_near(seen, near_distance) if near_distance is not None else 0
    search.take_equals(GROUP, images["group"])
    return Found(search.leaks(), crowded)


class _Search:
    """The strictest twin of each row in each other split."""

    def __init__(self, images: pa.Table):
        self._images = images
        self._split_of: list[str] = images["split"].to_pylist()
        self._splits = sorted(set(self._split_of))
        number_of = {split: number for number, split in enumerate(self._splits)}
        self._sides = np.array([number_of[split] for split in self._split_of])
        self.twins: dict[tuple[int, str], tuple[str, int, Near | None]] = {}

    def take_equals(self, kind: str, keys: pa.ChunkedArray) -> None:
        """Rows with the same key are twins; null is no key."""
        codes = keys.combine_chunks().dictionary_encode().indices
        found = codes.fill_null(-1).to_numpy()
        crossing = [(row, int(found[row])) for row in _crossing(found, self._sides)]
        first: defaultdict[int, dict[str, int]] = defaultdict(dict)
        for row, key in crossing:
            first[key].setdefault(self._split_of[row], row)
        for row, key in crossing:
            for split, twin in first[key].items():
                if split != self._split_of[row]:
                    self.twins.setdefault((row, split), (kind, twin, None))

    def take_near(self, seen: Pictured, distance: int) -> int:
        """Near duplicates are twins; how many pictures were too crowded."""
        indexes = {split: NearIndex(seen.pictures, distance) for split in self._splits}
        has_candidates = indexes[self._splits[0]].has_candidates
        first: dict[str, dict[int, int]] = {split: {} for split in self._splits}
        rows_of: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        for row, place in enumerate(seen.places):
            if place >= 0 and has_candidates[place]:
                split = self._split_of[row]
                first[split].setdefault(place, row)
                rows_of[split, place].append(row)
        for split, index in indexes.items():
            for place in sorted(first[split]):
                index.add(place)
        for (split, place), rows in rows_of.items():
            for other, index in indexes.items():
                open_ = [row for row in rows if (row, other) not in self.twins]
                if other != split and open_ and (found := index.find(place)):
                    near = max(found, key=lambda near: (near.likeness, -near.place))
                    twin = first[other][near.place]
                    self.twins.update({(row, other): (NEAR, twin, near) for row in open_})
        return len(set().union(*(index.crowded for index in indexes.values())))

    def leaks(self) -> list[Leak]:
        """Each pair once, the strictest kind first, then in the rows' order."""
        found: dict[tuple[int, int, int], Near | None] = {}
        for (row, _), (kind, twin, near) in self.twins.items():
            first, second = sorted(
                (row, twin), key=lambda row: drop_rank(self._split_of[row]), reverse=True
            )
            found[KINDS.index(kind), first, second] = near
        rows = sorted({row for _, *pair in found for row in pair})
        leaking = self._images.take(pa.array(rows, pa.int64())).to_pylist()
        images = {row: Image.of(each) for row, each in zip(rows, leaking, strict=True)}
        return [
            Leak(
                kind=KINDS[kind],
                a=images[first],
                b=images[second],
                distance=None if near is None else near.distance,
                likeness=None if near is None else round(near.likeness, 4),
            )
            for (kind, first, second), near in sorted(found.items(), key=lambda each: each[0])
        ]


def _crossing(keys: np.ndarray, sides: np.ndarray) -> list[int]:
    """The rows whose key, which is no -1, has rows on several sides."""
    if not len(keys):
        return []
    number = int(keys.max()) + 1
    one = np.zeros(number + 1, sides.dtype)
    one[keys] = sides  # One of its rows' sides; the last place is for -1.
    several = np.zeros(number + 1, np.bool_)
    several[keys[sides != one[keys]]] = True
    several[-1] = False
    return np.flatnonzero(several[keys]).tolist()
