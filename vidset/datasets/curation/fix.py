"""A person's fixes, made: the next version of a dataset."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from vidset.actor import actor_of
from vidset.datasets.curation.candidates import with_column
from vidset.datasets.curation.fix_objects import fault_in, with_changes
from vidset.datasets.curation.fixes import Fix, Fixes
from vidset.datasets.curation.leak_policy import leaks_left
from vidset.datasets.errors import DatasetError, FaultsError
from vidset.datasets.rows import rows_with
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.label_order import KEY, grown_order, label_order, labels_of
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository
from vidset.versions import vidset_version


@dataclass(frozen=True, slots=True)
class Fixed:
    """The next version; `changes` are counts by split."""

    id: str
    is_new: bool
    images: int
    changes: Mapping[str, Mapping[str, int]]


def fix_version(
    repository: Repository,
    reference: str,
    given: Fixes,
    *,
    new_labels: Collection[str] = (),
    message: str = "",
    actor: str | None = None,
) -> Fixed:
    """Make the version that fixes make of one that is there. Its version.json keeps the fixes.

    Args:
        new_labels: labels that no image of the version has yet, allowed all the same.
        actor: who does it, for version.json; None is the operating system's user.

    Raises:
        DatasetError: there is no such version, the fixes are of another one, or nothing would be
            left of it.
        FaultsError: fixes cannot be made; each is named.
    """
    _refuse_others(repository, repository.resolve(reference), given.version)
    parent, details = repository.manifest(reference), repository.details(reference)
    fixed = apply_fixes(parent, given.fixes, new_labels)
    if not len(fixed):
        raise DatasetError(f"version {parent.id}: the fixes remove all {len(parent)} images")
    measures = repository.measures(reference)
    changes = count_changes(parent, fixed)
    is_new = not repository.has(fixed.id)
    id_ = repository.write_version(
        fixed,
        rows_with(measures, "image_sha256", fixed.table["image_sha256"]),
        {
            "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "vidset_version": vidset_version(),
            "actor": actor_of(actor),
            "parents": [parent.id],
            "message": message,
            "transforms": list(details.get("transforms", [])),
            "leaks": leaks_left(fixed, measures, details.get("leaks", [])),
            "fixes": given.to_json(),
            KEY: grown_order(label_order(repository, parent.id), labels_of(fixed)),
            "changes": changes,
        },
    )
    return Fixed(id_, is_new, len(fixed), changes)


def apply_fixes(
    manifest: Manifest, fixes: Sequence[Fix], new_labels: Collection[str] = ()
) -> Manifest:
    """The version with other labels, and without what was removed. Splits and groups stay.

    What is said of an image is said of the collected image it was made from: a fix reaches its
    byte-identical twins, in other splits too, and all copies that a recipe made of it.

    Args:
        new_labels: labels that no image of the version has yet; others are taken for typing errors.

    Raises:
        FaultsError: an image is not in the version, two fixes contradict each other, or a label is
            unknown; each is named.
    """
    decided = _decide(manifest, fixes, new_labels)
    table = manifest.table
    origins = table["origin"].to_pylist()
    hashes = table["image_sha256"].to_pylist()
    labels: list[str | None] = table["label"].to_pylist()
    objects: list[str | None] = table["objects"].to_pylist()
    made_by: list[str | None] = table["made_by"].to_pylist()
    kept = []
    for place, origin in enumerate(origins):
        fix = decided.get(origin)
        kept.append(fix is None or fix.action != "remove")
        if fix is not None and fix.action == "relabel" and not fix.is_for_annotators:
            labels[place] = fix.label
        elif (
            fix is not None
            and fix.action == "objects"
            and (
                # A blurred copy has the coordinates of its original; what a recipe made has others.
                fix.image_sha256 == hashes[place]
                or (fix.image_sha256 == origin and made_by[place] is None)
            )
        ):
            objects[place] = with_changes(objects[place], fix.objects or ())
    changed = with_column(with_column(table, "label", labels), "objects", objects)
    return Manifest(changed.filter(pa.array(kept)))


def count_changes(before: Manifest, after: Manifest) -> dict[str, dict[str, int]]:
    """Counts relabeled and removed images by split; splits without changes are left out."""
    labels = {_name(row): (row["label"], row["objects"]) for row in _rows(after)}
    found: dict[str, dict[str, int]] = {}
    for row in _rows(before):
        is_removed = _name(row) not in labels
        if is_removed or labels[_name(row)] != (row["label"], row["objects"]):
            counts = found.setdefault(row["split"], {"relabeled": 0, "removed": 0})
            counts["removed" if is_removed else "relabeled"] += 1
    return dict(sorted(found.items()))


def _decide(
    manifest: Manifest, fixes: Sequence[Fix], new_labels: Collection[str]
) -> dict[str, Fix]:
    """Returns the decisions by origin."""
    origin_of: dict[str, str] = {}
    has_label: dict[str, bool] = {}
    for row in _rows(manifest):
        origin_of.setdefault(row["origin"], row["origin"])
        origin_of[row["image_sha256"]] = row["origin"]
        has_label[row["origin"]] = row["label"] is not None
    known = {*labels_of(manifest), *new_labels}
    of_hash = {row["origin"]: row for row in _rows(manifest) if row["made_by"] is None}
    of_hash |= {row["image_sha256"]: row for row in _rows(manifest)}
    bytes_of: defaultdict[str, set[str]] = defaultdict(set)
    for row in of_hash.values():
        bytes_of[row["origin"]].add(row["image_sha256"])
    decided: dict[str, Fix] = {}
    faults = []
    for fix in fixes:
        origin = origin_of.get(fix.image_sha256)
        if origin is None:
            faults.append(f"{fix}: this image is not in the version")
        elif fix.label is not None and not has_label[origin]:
            faults.append(
                f"{fix}: the image has no label, its objects have; change them with the action "
                "objects"
            )
        elif fix.label is not None and fix.label not in known:
            faults.append(f"{fix}: no image of the version has this label")
        elif fix.action == "objects" and (fault := fault_in(fix, of_hash, bytes_of, known)):
            faults.append(f"{fix}: {fault}")
        elif (first := decided.setdefault(origin, fix)) and _outcome(first) != _outcome(fix):
            faults.append(f"{fix}: contradicts {first}")
    if faults:
        raise FaultsError(f"{len(faults)} of {len(fixes)} fixes cannot be made", faults)
    return decided


def _outcome(fix: Fix) -> tuple[str, str | None, str]:
    return fix.action, fix.label, to_json(list(fix.objects or ()))


def _refuse_others(repository: Repository, id_: str, given: str) -> None:
    """Refuse fixes of another version. Those of one that recipes made of this one fit.

    Raises:
        DatasetError: the fixes are of another version.
    """
    version = given
    while version != id_ and repository.has(version):
        details = repository.details(version)
        parents = details.get("parents", [])
        if not details.get("recipe") or len(parents) != 1:
            break
        version = parents[0]
    if version != id_:
        raise DatasetError(
            f"the fixes are of version {given}, wanted those of {id_}: what was looked at there "
            "may be labeled otherwise here"
        )


def _rows(manifest: Manifest) -> list[dict[str, Any]]:
    names = ["image_sha256", "image_uri", "origin", "label", "objects", "split", "width", "height"]
    names.append("made_by")
    return manifest.table.select(names).to_pylist()


def _name(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["image_sha256"], row["image_uri"]
