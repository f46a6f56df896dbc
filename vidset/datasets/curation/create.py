"""A dataset version from labeled images: checked, grouped, split, audited, written."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from vidset.actor import actor_of
from vidset.datasets.curation.add import add_images
from vidset.datasets.curation.candidates import CANDIDATES, with_column
from vidset.datasets.curation.earlier_fixes import with_fixes
from vidset.datasets.curation.faults import (
    check_cap,
    find_ambiguous,
    find_contradictions,
    refuse,
    without_repeats,
)
from vidset.datasets.curation.gather import gather
from vidset.datasets.curation.known_images import KnownImages
from vidset.datasets.curation.leak_policy import LEAKS, Leaks, Settled, settle_leaks
from vidset.datasets.curation.parent import (
    Parent,
    open_parent,
    with_earlier_sides,
    with_sides_of_near,
)
from vidset.datasets.curation.rights import refuse_other_licences, with_equal_rights
from vidset.datasets.curation.sources.source import Fault, Source
from vidset.datasets.errors import DatasetError, FaultsError
from vidset.datasets.images.near_duplicates import NEAR_DISTANCE
from vidset.datasets.images.pictures import pictured
from vidset.datasets.rows import rows_with, rows_without
from vidset.datasets.schema.files import freeze_schema, validate
from vidset.datasets.splits.assign import assign_splits, check_shares
from vidset.datasets.splits.empty_sides import refuse_empty_sides
from vidset.datasets.splits.groups import join_groups
from vidset.datasets.splits.several_videos import alike_in_several_videos
from vidset.datasets.versions.checks import note_checks
from vidset.datasets.versions.entry import TEST, TRAIN, VALIDATION, label_names
from vidset.datasets.versions.label_order import KEY, grown_order, labels_of
from vidset.datasets.versions.manifest import ORDER, Manifest
from vidset.datasets.versions.repository import Repository
from vidset.rights import ANY_LICENSE, LicenseChoice
from vidset.versions import vidset_version

SHARES: Mapping[str, float] = {TRAIN: 0.8, VALIDATION: 0.1, TEST: 0.1}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The way in which a version is to be made. Raises DatasetError where that cannot be.

    Attributes:
        shares: of the images that no source and no parent has put on a side.
        parent: a version to add to.
        instead: the new images stand instead of the parent's; what it had is not taken over, but
            its sides are.
        near_distance: see vidset.datasets.splits.groups.
        cap: most images for training and validation.
        labels: those that may be; None: all.
        licenses: the parent's images may have no others; sources look to their own.
        skip_faults: images with faults stay out; else they stop everything.
        fatal_anomalies: what the schema does not expect stops everything.
        fixes_hold: what people fixed in the parent or before it stands, whatever the source says.
        actor: who makes it, for version.json; None is the operating system's user.
        is_full: each file is read, also those that have not changed since they were read last.
    """

    shares: Mapping[str, float] = field(default_factory=lambda: SHARES)
    seed: int = 0
    parent: str | None = None
    instead: bool = False
    near_distance: int | None = NEAR_DISTANCE
    leaks: Leaks = "refuse"
    cap: int | None = None
    labels: frozenset[str] | None = None
    licenses: LicenseChoice = ANY_LICENSE
    skip_faults: bool = False
    fatal_anomalies: bool = False
    fixes_hold: bool = True
    message: str = ""
    actor: str | None = None
    is_full: bool = False

    def __post_init__(self) -> None:
        check_shares(self.shares)
        if self.leaks not in LEAKS:
            raise DatasetError(f"--on-leaks: wanted one of {', '.join(LEAKS)}, got {self.leaks!r}")
        if self.instead and self.parent is None:
            raise DatasetError("wanted a parent version for its images to be replaced, got none")


@dataclass(frozen=True, slots=True)
class Created:
    """The version that was made.

    Attributes:
        is_new: whether there was no such version yet.
        faults: what stayed out, and why.
        counts: against the parent: kept, added, relabeled, replaced; empty without one.
        dropped, leaks: a line each: images that were taken out of a split; that stayed.
        anomalies: a line each: what the repository's schema does not expect.
        overridden: a line each: images of which a fix says something else than the source.
        ungrouped: how many images came without a group, so that frames of one video may be on
            several sides.
    """

    id: str
    is_new: bool
    images: Manifest
    measures: pa.Table
    faults: list[Fault]
    counts: Mapping[str, int]
    dropped: list[str]
    leaks: list[str]
    anomalies: list[str]
    overridden: list[str]
    ungrouped: int


def create(
    repository: Repository,
    source: Source,
    wanted: Wanted,
    progress: Callable[[int], None] = lambda _: None,
) -> Created:
    """Make a version; the same images and labels make the same one, in any order and at any time.

    Killed at any point, it leaves images that the next run uses, and no version that is there in
    part.

    Args:
        progress: told how many images are read, now and then.

    Raises:
        FaultsError: something is wrong with the images or labels; each one is named.
        DatasetError: the source is not laid out as it should be, or has no image.
    """
    parent = open_parent(repository, wanted.parent) if wanted.parent else None
    known = KnownImages(repository, parent.id if parent else None, is_full=wanted.is_full)
    gathered = gather(source, repository, wanted.labels, progress, known)
    measures = gathered.measures
    found = gathered.images
    found, other_rights = with_equal_rights(found)
    wrong = [*find_contradictions(found), *find_ambiguous(found), *other_rights]
    found, repeated = without_repeats(found)
    counts: Mapping[str, int] = {}
    if parent:
        found, moved = with_earlier_sides(found, parent, instead=wanted.instead)
        wrong += moved
    faults = sorted([*gathered.faults, *repeated, *wrong])
    found = _without(found, wrong)
    if not wanted.skip_faults:
        refuse(faults, found.num_rows)
    overridden: list[str] = []
    if parent and wanted.fixes_hold:
        found, overridden = with_fixes(found, parent.images, parent.fixes)
    if parent and not wanted.instead:
        grown = add_images(parent, found)
        found, counts = grown.images, grown.counts
        refuse_other_licences(found, wanted.licenses)
        measures = _each_once(pa.concat_tables([parent.measures, measures]))
    if not found.num_rows:
        raise FaultsError("wanted labeled images, got none", list(map(str, faults)))
    alike: list[tuple[str, str]] = []
    if wanted.near_distance is not None:
        earlier = [parent.images.table, *parent.gone] if parent else []
        alike = alike_in_several_videos(repository, [found, *earlier])
    if parent:
        found = with_sides_of_near(
            found, measures, parent, wanted.near_distance, instead=wanted.instead, alike=alike
        )
    settled, joined = _settled(found, measures, wanted, alike)
    if settled.dropped and counts:
        counts = {**counts, "dropped": len(settled.dropped)}
    check_cap(settled.images, wanted.cap)
    used = settled.images.table["image_sha256"]
    measures = rows_with(measures, "image_sha256", used).sort_by("image_sha256")
    anomalies = list(map(str, validate(repository, settled.images, measures)))
    if anomalies and wanted.fatal_anomalies:
        raise FaultsError("no version was made, for what the schema does not expect", anomalies)
    leaks = list(map(str, settled.kept))
    order = grown_order(parent.label_order if parent else [], labels_of(settled.images))
    details = _details(wanted, parent, joined, faults, settled.dropped, leaks) | {
        KEY: order,
        "overridden": overridden,
    }
    is_new = not repository.has(settled.images.id)
    id_ = repository.write_version(settled.images, measures, details)
    freeze_schema(repository, id_)
    near_leaks = None if wanted.near_distance is None else leaks
    note_checks(repository.root, id_, anomalies=anomalies, leaks=near_leaks)
    return Created(
        id=id_,
        is_new=is_new,
        images=settled.images,
        measures=measures,
        faults=faults,
        counts=counts,
        dropped=settled.dropped,
        leaks=leaks,
        anomalies=anomalies,
        overridden=overridden,
        ungrouped=gathered.images["group"].null_count,
    )


def _without(found: pa.Table, faults: list[Fault]) -> pa.Table:
    return rows_without(found, "image_uri", [fault.name for fault in faults])


def _settled(
    found: pa.Table, measures: pa.Table, wanted: Wanted, alike: list[tuple[str, str]]
) -> tuple[Settled, dict[str, str]]:
    """Returns the images with groups and splits, and the groups that got another name."""
    found = found.sort_by(ORDER)  # As the manifest: what they show is looked up once.
    seen = pictured(found["image_sha256"].to_pylist(), measures)
    columns = (found[name].to_pylist() for name in ("image_sha256", "image_uri", "group"))
    named = {(sha256, uri): group for sha256, uri, group in zip(*columns, strict=True)}
    groups = join_groups(found, measures, wanted.near_distance, alike, seen)
    labels = [
        label if objects is None else label_names(label, objects)
        for label, objects in zip(
            found["label"].to_pylist(), found["objects"].to_pylist(), strict=True
        )
    ]
    splits = assign_splits(
        groups, labels, shares=wanted.shares, seed=wanted.seed, fixed=found["split"].to_pylist()
    )

    free = found["split"].null_count
    refuse_empty_sides(wanted.shares, splits, groups, free)

    def regrouped(left: Manifest) -> Manifest:
        names = [named[name] for name in _names(left)]
        table = with_column(left.table.cast(CANDIDATES), "group", names)
        groups = join_groups(table, measures, wanted.near_distance, alike)
        return Manifest(with_column(table, "group", groups))

    images = Manifest(with_column(with_column(found, "group", groups), "split", splits))
    settled = settle_leaks(images, measures, wanted.near_distance, wanted.leaks, regrouped, seen)
    now = settled.images.table["group"].to_pylist()
    joined = {
        before: group
        for name, group in zip(_names(settled.images), now, strict=True)
        if (before := named[name]) not in (None, group)
    }
    return settled, joined


def _names(images: Manifest) -> Iterator[tuple[str, str]]:
    columns = (images.table[name].to_pylist() for name in ("image_sha256", "image_uri"))
    return zip(*columns, strict=True)


def _each_once(measures: pa.Table) -> pa.Table:
    hashes = measures["image_sha256"].to_pylist()
    first = {sha256: row for row, sha256 in reversed(list(enumerate(hashes)))}
    return measures.take(sorted(first.values()))


def _details(
    wanted: Wanted,
    parent: Parent | None,
    joined: Mapping[str, str],
    faults: list[Fault],
    dropped: list[str],
    leaks: list[str],
) -> dict[str, Any]:
    """Returns what version.json says of how it was made; none of it is part of the id."""
    return {
        "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "vidset_version": vidset_version(),
        "actor": actor_of(wanted.actor),
        "parents": [parent.id] if parent else [],
        "message": wanted.message,
        "recipe": None,
        "transforms": [],
        "shares": dict(wanted.shares),
        "seed": wanted.seed,
        "near_distance": wanted.near_distance,
        "joined_groups": dict(sorted(joined.items())),
        "left_out": dict(sorted(Counter(fault.kind.value for fault in faults).items())),
        "faults": [str(fault) for fault in faults if not fault.kind.is_harmless],
        "dropped": dropped,
        "leaks": leaks,
    }
