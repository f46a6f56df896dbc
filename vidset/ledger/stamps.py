"""Stamps of a place's ledger files, which tell whether they are those that were read before.

Nothing here reads a file: a command that finds all it needs elsewhere need not load Arrow.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from vidset.storage.open import open_store

ENDING = ".parquet"


@dataclass(frozen=True, slots=True)
class Stamps:
    """The stamps of the two loose files of a video, as a listing has them."""

    videos: str
    frames: str


def list_stamps(place: str) -> Mapping[str, Stamps]:
    """List the committed videos of a place by key, in the keys' order.

    A stamp of `frames` is "" where that file is missing.
    """
    videos, frames = (_stamps(f"{place}/{folder}") for folder in ("videos", "frames"))
    return {key: Stamps(stamp, frames.get(key, "")) for key, stamp in sorted(videos.items())}


def _stamps(folder: str) -> dict[str, str]:
    try:
        return {
            each.name.removesuffix(ENDING): each.stamp
            for each in open_store(folder).list()
            if each.name.endswith(ENDING)
        }
    except FileNotFoundError:
        return {}
