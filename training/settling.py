"""What is done about images that stand in several splits."""

from dataclasses import dataclass
from typing import Literal, get_args

import pyarrow as pa

from training.auditing import find_leaks
from training.errors import FaultsError
from training.leaks import Leak
from training.manifest import Manifest

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
    images: Manifest, measures: pa.Table, near_distance: int | None, how: Leaks
) -> Settled:
    """Refuse them, take the images that give way out (see `Leak`), or keep them.

    Raises:
        FaultsError: there are leaks, and they are refused.
    """
    leaks = find_leaks(images, measures, near_distance)
    if not leaks or how == "keep":
        return Settled(images, leaks, [])
    if how == "refuse":
        raise FaultsError(
            f"{len(leaks)} images stand in several splits; --leaks drop takes them out of training "
            "and keeps evaluation as it is, --leaks keep records them",
            list(map(str, leaks)),
        )
    leaving = {(leak.a.image_sha256, leak.a.image_uri) for leak in leaks}
    places = zip(
        *(images.table[name].to_pylist() for name in ("image_sha256", "image_uri")), strict=True
    )
    stays = pa.array([place not in leaving for place in places], pa.bool_())
    dropped = [
        f"{leak.a.image_uri} ({leak.a.split}): {leak.kind} twin of {leak.b.image_uri} "
        f"({leak.b.split})"
        for leak in leaks
    ]
    return Settled(Manifest(images.table.filter(stays)), [], dropped)
