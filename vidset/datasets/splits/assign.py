"""Groups of images onto the sides of a split: by shares, alike in labels, and for good.

The order of the rows, of files and of groups says nothing: what is equal otherwise is decided by a
hash of the seed and the group's name.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.entry import TEST, TRAIN, VALIDATION

# An image's class, or all labels of its objects, or none.
Labels = str | Sequence[str] | None
Counts = Sequence[tuple[object, int]]
_ALL = object()


def assign_splits(
    groups: Sequence[str],
    labels: Sequence[Labels],
    *,
    shares: Mapping[str, float],
    seed: int,
    fixed: Sequence[str | None] | None = None,
) -> list[str]:
    """The side of each row. Rows of a group are on one side, unless `fixed` says otherwise.

    Groups come one after the other, large ones first, and of equal ones those with the rarest label
    first (K. Sechidis, G. Tsoumakas, I. Vlahavas, "On the stratification of multi-label data",
    ECML PKDD 2011). Each goes where it makes least the squared differences between a side's share
    of what was placed so far and what the side has: summed up over the labels and, once more, over
    all images (as scikit-learn's StratifiedGroupKFold minimises deviations). Every side gets a
    group, as long as there are groups.

    Args:
        labels: an image may have several.
        shares: of the images, for each side; they sum to 1.
        fixed: the side that a row is on already, by its source or in the parent version: it stays
            there. New rows follow their group; if that is on several sides, they go to the one
            that gives way (`drop_rank`), where the audit finds them.

    Raises:
        DatasetError: the shares are none.
    """
    check_shares(shares)
    sides = list(fixed) if fixed is not None else [None] * len(groups)
    found: dict[str, _Group] = {}
    for name, label, side in zip(groups, labels, sides, strict=True):
        group = found.get(name)
        if group is None:
            group = found[name] = _Group(name, _order(seed, name))
        for each in _several(label):
            group.labels[each] = group.labels.get(each, 0) + 1
        group.images += 1
        if side is not None:
            group.sides[side] = group.sides.get(side, 0) + 1
    side_of = _assign(list(found.values()), shares)
    return [side or side_of[name] for name, side in zip(groups, sides, strict=True)]


def check_shares(shares: Mapping[str, float]) -> None:
    """Raises DatasetError: a share is not above 0, or they do not sum to 1."""
    told = ", ".join(f"{name} {share:g}" for name, share in shares.items())
    if not shares or min(shares.values()) <= 0 or abs(sum(shares.values()) - 1) > 1e-6:
        raise DatasetError(f"shares: wanted numbers above 0 that sum to 1, got {told or 'none'}")


def drop_rank(split: str) -> tuple[int, str]:
    """Rank a side: where two sides have the same image, the higher rank gives way.

    Training does, so that evaluation sets stay as they are; of those, the later one of
    validation, test, and others by name.
    """
    return {VALIDATION: 0, TEST: 1, TRAIN: 3}.get(split, 2), split


@dataclass(slots=True)
class _Group:
    """`labels`: images of each label; `sides`: of its rows that are somewhere already."""

    name: str
    order: bytes
    images: int = 0
    labels: dict[str | None, int] = field(default_factory=dict)
    sides: dict[str, int] = field(default_factory=dict)

    @property
    def counts(self) -> list[tuple[object, int]]:
        """Counts of its labels, and of its images whatever their labels."""
        return [*self.labels.items(), (_ALL, self.images)]


def _assign(groups: list[_Group], shares: Mapping[str, float]) -> dict[str, str]:
    totals: Counter[str | None] = Counter()
    for group in groups:
        for label, number in group.labels.items():
            totals[label] += number
    placed: defaultdict[object, int] = defaultdict(int)
    on = {side: defaultdict[object, int](int) for side in shares}

    def put(counts: Counts, side: str) -> None:
        if side in shares:
            there = on[side]
            for label, number in counts:
                placed[label] += number
                there[label] += number

    def missed(counts: Counts, side: str) -> float:
        # Rounded once, whatever the order of the labels: equal groups must stay equal.
        share, there = shares[side], on[side]
        return fsum(
            [number * (share * (placed[label] + number) - there[label]) for label, number in counts]
        )

    def rarest(group: _Group) -> int:
        return min(totals[label] for label in group.labels)

    side_of: dict[str, str] = {}
    free: list[_Group] = []
    for group in groups:
        if group.sides:
            side_of[group.name] = max(group.sides, key=drop_rank)
            put(group.counts, side_of[group.name])
        else:
            free.append(group)
    free.sort(key=lambda group: (-group.images, rarest(group), group.order))
    for group in free:
        counts = group.counts
        by_side = {side: missed(counts, side) for side in shares}
        most = max(by_side.values())
        side, *equals = [side for side, number in by_side.items() if number == most]
        if equals:
            side = max((side, *equals), key=lambda side: _order(group.order, side))
        side_of[group.name] = side
        put(counts, side)
    _fill(side_of, free, shares)
    return side_of


def _fill(side_of: dict[str, str], free: list[_Group], shares: Mapping[str, float]) -> None:
    """Give each empty side the smallest free group of the side with most groups."""
    for side in shares:
        if side in side_of.values():
            continue
        on: defaultdict[str, list[_Group]] = defaultdict(list)
        for group in free:
            on[side_of[group.name]].append(group)
        most = max(on.values(), key=len, default=[])
        if len(most) > 1:
            side_of[most[-1].name] = side


def _several(labels: Labels) -> Iterable[str | None]:
    if labels is None or isinstance(labels, str):
        return (labels,)
    return set(labels) or (None,)


def _order(seed: object, name: str) -> bytes:
    return hashlib.sha256(f"{seed} {name}".encode()).digest()
