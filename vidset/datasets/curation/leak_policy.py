"""Decides what is done about images that stand in several splits."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import pyarrow as pa

from vidset.datasets.errors import FaultsError
from vidset.datasets.images.pictures import Pictured
from vidset.datasets.splits.audit import find_leaks
from vidset.datasets.splits.leaks import EXACT, GROUP, PIXELS, Leak
from vidset.datasets.versions.entry import TRAIN
from vidset.datasets.versions.manifest import Manifest

Leaks = Literal["refuse", "drop", "keep"]
LEAKS: tuple[Leaks, ...] = get_args(Leaks)


@dataclass(frozen=True, slots=True)
class Settled:
    """Attributes:
    images: those that stay.
    kept: the leaks that are in it.
    dropped: a line for each image that was taken out.
    """

    images: Manifest
    kept: list[Leak]
    dropped: list[str]


def settle_leaks(
    images: Manifest,
    measures: pa.Table,
    near_distance: int | None,
    how: Leaks,
    regrouped: Callable[[Manifest], Manifest] = lambda images: images,
    seen: Pictured | None = None,
) -> Settled:
    """Refuse them, take the images that give way out (see `Leak`), or keep them.

    Twins go first, and groups are made again of what is left: two videos that were one group only
    through a twin need not lose all their images.

    Args:
        regrouped: images with the groups that they have without those that went.
        seen: the pictures of the images, in their order, where they are known already.

    Raises:
        FaultsError: there are leaks, and they are refused.
    """
    dropped: list[str] = []
    while True:
        leaks = find_leaks(images, measures, near_distance, seen)
        if not leaks or how == "keep":
            return Settled(images, leaks, dropped)
        if how == "refuse":
            raise FaultsError(
                f"{len(leaks)} images stand in several splits; --on-leaks drop takes them out of "
                "training and keeps evaluation as it is, --on-leaks keep records them",
                list(map(str, leaks)),
            )
        images, lines = _without(images, [each for each in leaks if each.kind != GROUP] or leaks)
        dropped += lines
        images, seen = regrouped(images), None


def without_equals(images: Manifest, measures: pa.Table) -> Settled:
    """Removes training images that show the very same as one to evaluate on.

    All of the latter stay, because results are compared on the same ones.
    """
    leaks = find_leaks(images, measures, None)
    equal = [leak for leak in leaks if leak.kind in (EXACT, PIXELS) and leak.a.split == TRAIN]
    left, dropped = _without(images, equal)
    return Settled(left, [], dropped)


def leaks_left(images: Manifest, measures: pa.Table, recorded: Collection[str]) -> list[str]:
    """Return which recorded leaks of its parent a version still has.

    Near duplicates are among them: they are of one group.
    """
    return list(map(str, find_leaks(images, measures, None))) if recorded else []


def _without(images: Manifest, leaks: Sequence[Leak]) -> tuple[Manifest, list[str]]:
    """The images that stay, and a line for each of the others: its first leak."""
    lines: dict[tuple[str, str], str] = {}
    for leak in leaks:
        why = f"{leak.kind} twin of {leak.b.image_uri} ({leak.b.split})"
        line = f"{leak.a.image_uri} ({leak.a.split}): {why}"
        lines.setdefault((leak.a.image_sha256, leak.a.image_uri), line)
    names = ("image_sha256", "image_uri")
    places = zip(*(images.table[name].to_pylist() for name in names), strict=True)
    stays = pa.array([place not in lines for place in places], pa.bool_())
    return Manifest(images.table.filter(stays)), list(lines.values())
