"""Finds what else a version holds of an image: the same file or pixels with other labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from vidset.datasets.versions.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Twins:
    """Pictures of a version that are equal: in pixels where they were measured, else in bytes."""

    picture_of: Mapping[str, str]
    rows_of: Mapping[str, list[dict[str, Any]]]
    blank: frozenset[str]

    def flags(self, image_sha256: str) -> list[str]:
        """Returns what a reviewer should know, each in a few words; mostly nothing."""
        rows = self.rows_of.get(self.picture_of.get(image_sha256, image_sha256), [])
        found = []
        if image_sha256 in self.blank:
            found.append("blank")
        if len(rows) > 1:
            splits = sorted({row["split"] for row in rows})
            found.append(f"{len(rows)} times in {', '.join(splits)}")
        labels = sorted({row["label"] for row in rows if row["label"] is not None})
        if len(labels) > 1:
            found.append(f"contradiction: labeled {', '.join(labels)}")
        return found


def find_twins(manifest: Manifest, measures: pa.Table) -> Twins:
    """Find twins in all splits of a version. An image made from another is no twin of it."""
    measured = measures.select(["image_sha256", "pixels_sha256", "contrast"]).to_pylist()
    picture_of = {row["image_sha256"]: row["pixels_sha256"] for row in measured}
    rows_of: dict[str, list[dict[str, Any]]] = {}
    columns = ["image_sha256", "image_uri", "label", "split"]
    for row in manifest.table.select(columns).to_pylist():
        picture = picture_of.get(row["image_sha256"], row["image_sha256"])
        rows_of.setdefault(picture, []).append(row)
    blank = frozenset(row["image_sha256"] for row in measured if row["contrast"] == 0)
    return Twins(picture_of, rows_of, blank)
