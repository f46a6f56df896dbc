"""Images that are on two sides of a split, as themselves or as a twin."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vidset.datasets.images.near_duplicates import Near, NearIndex
from vidset.datasets.images.pictures import Pictured
from vidset.datasets.splits.assign import drop_rank

EXACT, PIXELS, ORIGIN, NEAR, GROUP = KINDS = ("exact", "pixels", "origin", "near", "group")
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


def find_leaks_among(rows: Sequence[Row], seen: Pictured, near_distance: int | None) -> Found:
    """See `vidset.datasets.splits.audit.find_leaks`.

    Args:
        rows: of the manifest, in order: image_sha256, image_uri, split, label, group, origin.
    """
    splits = sorted({row["split"] for row in rows})
    if len(splits) < 2:
        return Found([], 0)
    search = _Search(rows, splits)
    search.take_equals(EXACT, [row["image_sha256"] for row in rows])
    search.take_equals(PIXELS, seen.pixels)
    search.take_equals(ORIGIN, [row["origin"] for row in rows])
    crowded = search.take_near(seen, near_distance) if near_distance is not None else 0
    search.take_equals(GROUP, [row["group"] for row in rows])
    return Found(search.leaks(), crowded)


class _Search:
    """The strictest twin of each row in each other split."""

    def __init__(self, rows: Sequence[Row], splits: Sequence[str]):
        self._rows, self._splits = rows, splits
        self.twins: dict[tuple[int, str], tuple[str, int, Near | None]] = {}

    def take_equals(self, kind: str, keys: Sequence[str | None]) -> None:
        """Rows with the same key are twins; None is no key."""
        first: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for row, key in enumerate(keys):
            if key is not None:
                first[key].setdefault(self._rows[row]["split"], row)
        for row, key in enumerate(keys):
            if key is not None and len(first[key]) > 1:
                for split, twin in first[key].items():
                    if split != self._rows[row]["split"]:
                        self.twins.setdefault((row, split), (kind, twin, None))

    def take_near(self, seen: Pictured, distance: int) -> int:
        """Near duplicates are twins; how many pictures were too crowded."""
        first: dict[str, dict[int, int]] = {split: {} for split in self._splits}
        rows_of: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        for row, place in enumerate(seen.places):
            if place >= 0:
                split = self._rows[row]["split"]
                first[split].setdefault(place, row)
                rows_of[split, place].append(row)
        indexes = {split: NearIndex(seen.pictures, distance) for split in self._splits}
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
                (row, twin), key=lambda row: drop_rank(self._rows[row]["split"]), reverse=True
            )
            found[KINDS.index(kind), first, second] = near
        return [
            Leak(
                kind=KINDS[kind],
                a=Image.of(self._rows[first]),
                b=Image.of(self._rows[second]),
                distance=None if near is None else near.distance,
                likeness=None if near is None else round(near.likeness, 4),
            )
            for (kind, first, second), near in sorted(found.items(), key=lambda each: each[0])
        ]
