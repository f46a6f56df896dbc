"""Finds images of a version that cross the split, contradict each other, or are blank."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from vidset.datasets.images.near_duplicates import NEAR_DISTANCE
from vidset.datasets.images.pictures import Pictured, pictured
from vidset.datasets.splits.leaks import COLUMNS, Image, Leak, find_leaks_among
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.objects import content_of

_COLUMNS = ["image_sha256", "image_uri", "split", "label", "objects"]


@dataclass(frozen=True, slots=True)
class Audit:
    """The findings of an audit.

    Attributes:
        near_distance: in bits; None: near duplicates were not looked for.
        leaks: see `vidset.datasets.splits.leaks.Leak`.
        contradictions: images with equal pixels and unequal labels.
        duplicates: images of one split with equal pixels and equal labels.
        blanks: images whose pixels are all equal.
        crowded: images that were not compared with all others, since their perceptual hash is that
            of too many different pictures.
    """

    images: int
    near_distance: int | None
    leaks: list[Leak]
    contradictions: list[list[Image]]
    duplicates: list[list[Image]]
    blanks: list[Image]
    crowded: int

    def crossings(self) -> list[dict[str, Any]]:
        """Counts the images of two sides with a twin on the other, by kind, strictest first."""
        named: dict[tuple[str, str, str], tuple[set, set]] = {}
        for leak in self.leaks:
            sides = named.setdefault((leak.kind, leak.a.split, leak.b.split), (set(), set()))
            for side, image in zip(sides, (leak.a, leak.b), strict=True):
                side.add((image.image_sha256, image.image_uri))
        return [
            {"kind": kind, "a": a, "b": b, "a_images": len(of_a), "b_images": len(of_b)}
            for (kind, a, b), (of_a, of_b) in named.items()
        ]

    def to_dict(self) -> dict[str, Any]:
        """Returns the findings for JSON."""
        return {**asdict(self), "crossings": self.crossings()}


def audit(
    manifest: Manifest, measures: pa.Table, near_distance: int | None = NEAR_DISTANCE
) -> Audit:
    """Look for all of it. See `find_leaks`; all lists are in the manifest's order."""
    rows = manifest.table.select(_COLUMNS).to_pylist()
    seen = pictured([row["image_sha256"] for row in rows], measures)
    found = find_leaks_among(manifest.table.select(COLUMNS), seen, near_distance)
    by_pixels = defaultdict(list)
    for row, pixels in zip(rows, seen.pixels, strict=True):
        by_pixels[pixels].append(row)
    repeated = [same for same in by_pixels.values() if len(same) > 1]
    return Audit(
        images=len(rows),
        near_distance=near_distance,
        leaks=found.leaks,
        contradictions=[
            [Image.of(row) for row in same] for same in repeated if len(set(map(_said, same))) > 1
        ],
        duplicates=[list(map(Image.of, same)) for each in repeated for same in _alike(each)],
        blanks=[Image.of(row) for row, blank in zip(rows, seen.blank, strict=True) if blank],
        crowded=found.crowded,
    )


def find_leaks(
    images: Manifest,
    measures: pa.Table,
    near_distance: int | None = NEAR_DISTANCE,
    seen: Pictured | None = None,
) -> list[Leak]:
    """Every image with a twin in another split, with its closest twin there.

    Each image once for each other split: at most images times splits, however many copies of one
    there are. `near_distance` None: near duplicates are no leaks.

    Args:
        seen: the pictures of the images, in their order, where they are known already.

    Raises:
        DatasetError: an image has no measures.
    """
    seen = seen or pictured(images.table["image_sha256"].to_pylist(), measures)
    return find_leaks_among(images.table.select(COLUMNS), seen, near_distance).leaks


def _said(row: dict[str, Any]) -> str:
    """Returns what a person said of the image, whatever ids the labeling tool gave."""
    if row["objects"] is None:
        return to_json([row["label"]])
    return to_json([row["label"], content_of(row["objects"])])


def _alike(rows: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Returns images of one split with equal labels, if there are several."""
    found: dict[Hashable, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["split"], _said(row)].append(row)
    yield from (same for same in found.values() if len(same) > 1)
