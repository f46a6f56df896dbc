"""A person's fixes, made: the next version of a dataset."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

import pyarrow as pa
import pyarrow.compute as pc

from vidset.datasets.curation.leak_policy import leaks_left
from vidset.datasets.errors import DatasetError, FaultsError
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository

Action = Literal["relabel", "remove", "keep"]
_ACTIONS: tuple[Action, ...] = get_args(Action)
_SHOWN = 16  # Digits of a hash in messages.


@dataclass(frozen=True, slots=True)
class Fix:
    """What a person decided on one image.

    Attributes:
        action: keep says that the label was looked at and is right.
        label: the right one, with relabel.
        category: why the image was wrong, in the reviewer's words.
    """

    image_sha256: str
    image_uri: str
    action: Action
    label: str | None = None
    category: str | None = None
    note: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}

    def __str__(self) -> str:
        what = f"{self.action} {self.label!r}" if self.label is not None else self.action
        return f"{self.image_uri} ({self.image_sha256[:_SHOWN]}): {what}"


@dataclass(frozen=True, slots=True)
class Fixes:
    """Fixes of one review; `version` is the id of the dataset version that was looked at."""

    version: str
    fixes: tuple[Fix, ...]

    def to_json(self) -> dict[str, Any]:
        return {"version": self.version, "fixes": [fix.to_json() for fix in self.fixes]}


def parse_fixes(text: str | bytes, name: str) -> Fixes:
    """Of {"version": id, "fixes": [{image_sha256, image_uri, action, label?, ...}]}.

    Args:
        name: where it comes from, for messages.

    Raises:
        DatasetError: it is nothing such.
        FaultsError: single fixes are not usable; each is named.
    """
    try:
        value = json.loads(text)
    except ValueError as error:
        raise DatasetError(f"{name}: wanted JSON: {error}") from None
    is_usable = isinstance(value, dict) and isinstance(value.get("version"), str)
    if not is_usable or not isinstance(value.get("fixes"), list):
        raise DatasetError(f'{name}: wanted {{"version": id, "fixes": [...]}}')
    faults = [
        f"{name}: fix {place + 1}: {fault}"
        for place, one in enumerate(value["fixes"])
        if (fault := _fault(one))
    ]
    if faults:
        raise FaultsError(f"{name}: {len(faults)} fixes cannot be used", faults)
    names = Fix.__dataclass_fields__
    return Fixes(
        value["version"],
        tuple(Fix(**{key: one[key] for key in names if key in one}) for one in value["fixes"]),
    )


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
) -> Fixed:
    """Make the version that fixes make of one that is there. Its version.json keeps the fixes.

    Raises:
        DatasetError: there is no such version, or nothing would be left of it.
        FaultsError: fixes cannot be made; each is named.
    """
    parent, details = repository.manifest(reference), repository.details(reference)
    fixed = apply_fixes(parent, given.fixes, new_labels)
    if not len(fixed):
        raise DatasetError(f"version {parent.id}: the fixes remove all {len(parent)} images")
    measures = repository.measures(reference)
    left = pc.field("image_sha256").isin(fixed.table["image_sha256"].combine_chunks())
    changes = count_changes(parent, fixed)
    is_new = not repository.has(fixed.id)
    id_ = repository.write_version(
        fixed,
        measures.filter(left),
        {
            "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "parents": [parent.id],
            "message": message,
            "transforms": list(details.get("transforms", [])),
            "leaks": leaks_left(fixed, measures, details.get("leaks", [])),
            "fixes": given.to_json(),
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
    labels: list[str | None] = table["label"].to_pylist()
    kept = []
    for place, origin in enumerate(origins):
        fix = decided.get(origin)
        kept.append(fix is None or fix.action != "remove")
        if fix is not None and fix.action == "relabel":
            labels[place] = fix.label
    column = table.schema.get_field_index("label")
    changed = table.set_column(column, table.schema.field("label"), pa.array(labels, pa.string()))
    return Manifest(changed.filter(pa.array(kept)))


def count_changes(before: Manifest, after: Manifest) -> dict[str, dict[str, int]]:
    """By split, how many images were relabeled and removed; splits without changes are left out."""
    labels = {_name(row): row["label"] for row in _rows(after)}
    found: dict[str, dict[str, int]] = {}
    for row in _rows(before):
        is_removed = _name(row) not in labels
        if is_removed or labels[_name(row)] != row["label"]:
            counts = found.setdefault(row["split"], {"relabeled": 0, "removed": 0})
            counts["removed" if is_removed else "relabeled"] += 1
    return dict(sorted(found.items()))


def _decide(
    manifest: Manifest, fixes: Sequence[Fix], new_labels: Collection[str]
) -> dict[str, Fix]:
    """By origin."""
    origin_of: dict[str, str] = {}
    has_label: dict[str, bool] = {}
    for row in _rows(manifest):
        origin_of.setdefault(row["origin"], row["origin"])
        origin_of[row["image_sha256"]] = row["origin"]
        has_label[row["origin"]] = row["label"] is not None
    known = {*manifest.classes, *new_labels}
    decided: dict[str, Fix] = {}
    faults = []
    for fix in fixes:
        origin = origin_of.get(fix.image_sha256)
        if origin is None:
            faults.append(f"{fix}: this image is not in the version")
        elif fix.action == "relabel" and not has_label[origin]:
            faults.append(f"{fix}: the image has no label, its objects have; relabel them there")
        elif fix.action == "relabel" and fix.label not in known:
            faults.append(f"{fix}: no image of the version has this label")
        elif (first := decided.setdefault(origin, fix)) and _outcome(first) != _outcome(fix):
            faults.append(f"{fix}: contradicts {first}")
    if faults:
        raise FaultsError(f"{len(faults)} of {len(fixes)} fixes cannot be made", faults)
    return decided


def _outcome(fix: Fix) -> tuple[str, str | None]:
    return fix.action, fix.label


def _rows(manifest: Manifest) -> list[dict[str, Any]]:
    names = ["image_sha256", "image_uri", "origin", "label", "split"]
    return manifest.table.select(names).to_pylist()


def _name(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["image_sha256"], row["image_uri"]


def _fault(one: Any) -> str | None:
    """Why it is no fix."""
    if not isinstance(one, dict):
        return f"wanted an object, got {json.dumps(one)[:60]}"
    for key in "image_sha256", "image_uri":
        if not isinstance(one.get(key), str) or not one[key]:
            return f"wanted {key}, got {one.get(key)!r}"
    if one.get("action") not in _ACTIONS:
        return f"{one['image_uri']}: wanted action {', '.join(_ACTIONS)}, got {one.get('action')!r}"
    for key in "label", "category", "note":
        if not isinstance(one.get(key), str | None):
            return f"{one['image_uri']}: wanted a text as {key}, got {one[key]!r}"
    if (one["action"] == "relabel") != bool(one.get("label")):
        return f"{one['image_uri']}: a label stands with relabel, and only there"
    return None
