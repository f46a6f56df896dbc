"""Sides of a split that got no image, said with what can be done about it."""

from collections.abc import Collection, Sequence

from vidset.datasets.errors import DatasetError


def refuse_empty_sides(
    wanted: Collection[str], splits: Sequence[str], groups: Sequence[str], free: int
) -> None:
    """Refuse a split of which a wanted side has no image.

    Args:
        splits, groups: of each image.
        free: how many images had no side yet. Without any, the sides are as the source has them.

    Raises:
        DatasetError: a side is empty.
    """
    empty = [side for side in wanted if side not in splits]
    if not free or not empty:
        return
    several = len(set(groups))
    what = "1 group" if several == 1 else f"{several} groups"
    raise DatasetError(
        f"wanted images for {', '.join(wanted)}, got none for {' and '.join(empty)}: "
        f"{len(splits)} images are {what}, and a group (a video, or near duplicates) stays on one "
        "side. Label images of more videos; or split a video into stretches with --group-by 10s "
        "(neighbouring stretches look alike, so scores come out too high); or ask for fewer sides, "
        f"such as --shares {_fewer(wanted, several)}"
    )


def _fewer(wanted: Collection[str], groups: int) -> str:
    sides = list(wanted)[: max(min(groups, len(wanted) - 1), 1)]
    if len(sides) == 1:
        return f"{sides[0]}=1"
    rest = 0.2 / (len(sides) - 1)
    return ",".join([f"{sides[0]}=0.8", *(f"{side}={rest:g}" for side in sides[1:])])
