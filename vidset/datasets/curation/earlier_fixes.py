"""Keeps what people fixed in earlier versions when images come from their source once more."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from vidset.datasets.curation.candidates import with_column
from vidset.datasets.rows import rows_without
from vidset.datasets.versions.changes import Labels, changes
from vidset.datasets.versions.manifest import Manifest


@dataclass(frozen=True, slots=True)
class EarlierFixes:
    """The images, by hash, that people corrected or removed in the versions before.

    Attributes:
        corrected: what the parent says of them holds.
        removed: they stay out, unless the parent has them again.
    """

    corrected: Collection[str]
    removed: Collection[str]

    @classmethod
    def of(cls, recorded: Collection[Mapping[str, Any]]) -> "EarlierFixes":
        """Collects the fixes that the version.json files of all versions before have."""
        by_action: dict[bool, set[str]] = {True: set(), False: set()}
        for fix in recorded:
            if fix["action"] != "keep" and (fix["action"] != "relabel" or fix.get("label")):
                by_action[fix["action"] == "remove"].add(fix["image_sha256"])
        return cls(corrected=by_action[False], removed=by_action[True])


def with_fixes(
    found: pa.Table, parent: Manifest, fixes: EarlierFixes
) -> tuple[pa.Table, list[str]]:
    """The images with their fixed labels, without those that were removed; and a line for each
    image of which the source says something else than the fix.
    """
    columns = [parent.table[name].to_pylist() for name in ("image_sha256", "label", "objects")]
    fixed: dict[str, Labels] = {}
    here = set()
    for sha256, label, objects in zip(*columns, strict=True):
        here.add(sha256)
        if sha256 in fixes.corrected:
            fixed[sha256] = (label, objects)
    removed = set(fixes.removed) - here
    labels, objects = found["label"].to_pylist(), found["objects"].to_pylist()
    hashes, uris = found["image_sha256"].to_pylist(), found["image_uri"].to_pylist()
    lines = []
    for row, (sha256, uri) in enumerate(zip(hashes, uris, strict=True)):
        if sha256 in removed:
            lines.append(f"{uri}: a fix removed it")
        elif (now := fixed.get(sha256)) is not None:
            if overridden := changes((labels[row], objects[row]), now):
                lines.append(f"{uri}: as fixed, not as its source says: {'; '.join(overridden)}")
            labels[row], objects[row] = now
    found = with_column(with_column(found, "label", labels), "objects", objects)
    return rows_without(found, "image_sha256", removed), lines
