"""Finds what earlier versions had, and on which side: a group never changes its side."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vidset.datasets.curation.candidates import with_column
from vidset.datasets.curation.earlier_fixes import EarlierFixes
from vidset.datasets.curation.sources.source import Fault, Kind
from vidset.datasets.errors import DatasetError
from vidset.datasets.rows import rows_with, rows_without
from vidset.datasets.splits.groups import join_groups
from vidset.datasets.versions.ancestors import line_of
from vidset.datasets.versions.label_order import KEY, grown_order, labels_of
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository

_SIDES = ["image_sha256", "image_uri", "group", "split", "origin"]


@dataclass(frozen=True, slots=True)
class Parent:
    """The version that a new one follows.

    Attributes:
        groups: as sources name them, where versions joined them: what they became.
        gone: what the versions before it had and it has no more, a table of `_SIDES` each, the
            latest version first.
        gone_measures: of these images.
        fixes: what people fixed in it and in the versions before.
        label_order: see vidset.datasets.versions.label_order.
    """

    id: str
    images: Manifest
    measures: pa.Table
    groups: Mapping[str, str]
    gone: Sequence[pa.Table]
    gone_measures: pa.Table
    fixes: EarlierFixes
    label_order: list[str]


def open_parent(repository: Repository, reference: str) -> Parent:
    """The version to follow.

    Raises:
        DatasetError: there is none such, or one that it was made from is not in the repository; or
            its pictures were made by a recipe, and collected ones do not belong among them.
    """
    id_ = repository.resolve(reference)
    images = repository.manifest(id_)
    if images.table["made_by"].null_count < len(images):
        raise DatasetError(
            f"{reference}: wanted a version of collected images, got one that a recipe made: add "
            "to the version before it, and apply the recipe to what comes out"
        )
    joined: dict[str, str] = {}
    fixes: list[Mapping[str, Any]] = []
    gone, measured = [], [repository.measures(id_).slice(0, 0)]
    known = images.table["image_sha256"].combine_chunks()
    for version, details in line_of(repository, id_):
        joined = {**details.get("joined_groups", {}), **joined}
        fixes += details.get("fixes", {}).get("fixes", [])
        if version == id_:
            continue
        # Most ancestors have nothing that a later version has not: one column tells so.
        hashes = repository.columns(version, _SIDES[:1])["image_sha256"]
        is_known = pc.call_function("is_in", [hashes], pc.SetLookupOptions(known))
        if pc.call_function("all", [is_known]).as_py():
            continue
        more = repository.columns(version, _SIDES).filter(pc.call_function("invert", [is_known]))
        gone.append(more)
        known = pa.concat_arrays([known, more["image_sha256"].combine_chunks()])
        its = rows_with(repository.measures(version), "image_sha256", more["image_sha256"])
        measured.append(its)
    return Parent(
        id=id_,
        images=images,
        measures=repository.measures(id_),
        groups=joined,
        gone=gone,
        gone_measures=pa.concat_tables(measured),
        fixes=EarlierFixes.of(fixes),
        label_order=grown_order(repository.details(id_).get(KEY) or [], labels_of(images)),
    )


def with_earlier_sides(
    images: pa.Table, parent: Parent, *, instead: bool
) -> tuple[pa.Table, list[Fault]]:
    """Images that have no split get the one that the parent has them in, by bytes, by uri or by
    group, or else that of the latest version which had them; and groups their names there.

    Args:
        instead: the parent's images are not taken over: then it takes looking here to see that an
            image is of a group which is on another side there.

    The faults: images that their source has in another split.
    """
    tables = [parent.images.table, *parent.gone]
    exactly = dict(_rows(parent.images.table, "image_sha256", "image_uri"))
    by_hash, by_uri, by_group = (
        _one_side(tables, name) for name in ("image_sha256", "image_uri", "group")
    )
    splits, moved = [], []
    now = [parent.groups.get(group, group) for group in images["group"].to_pylist()]
    columns = (images[name].to_pylist() for name in ("image_sha256", "image_uri", "split"))
    for sha256, uri, split, group in zip(*columns, now, strict=True):
        earlier = exactly.get((sha256, uri)) or by_hash.get(sha256) or by_uri.get(uri)
        # What comes new into a group goes where the group is, if that is one side.
        its = earlier or by_group.get(group)
        splits.append(its if split is None else split)
        told = its if instead else earlier
        if None not in (told, split) and told != split:
            moved.append(Fault(Kind.MOVED, uri, f"{told} before, {split} now"))
    return with_column(with_column(images, "split", splits), "group", now), moved


def with_sides_of_near(
    images: pa.Table,
    measures: pa.Table,
    parent: Parent,
    near_distance: int | None,
    *,
    instead: bool,
    alike: Sequence[tuple[str, str]] = (),
) -> pa.Table:
    """Images without a split get that of earlier ones which are of one group with them though
    nobody told so: equal pixels, near duplicates. Groups with an image that has a split follow it.

    Args:
        images: `CANDIDATES`; measures: of them.
        instead: the parent's images are not among them.
    """
    tables = [parent.images.table.select(_SIDES)] if instead else []
    tables += parent.gone
    splits = images["split"].to_pylist()
    if not tables or None not in splits:
        return images
    before = pa.concat_tables(tables)
    before = rows_without(before, "image_sha256", images["image_sha256"])
    both = pa.concat_tables([images.select(_SIDES), before.cast(images.select(_SIDES).schema)])
    measured = pa.concat_tables([measures, parent.gone_measures, parent.measures])
    groups = join_groups(both, measured, near_distance, alike)
    here = {group for group, side in zip(groups, splits, strict=False) if side is not None}
    earlier = with_column(before, "group", groups[len(splits) :])
    by_group = _one_side([earlier], "group")
    found = [
        by_group.get(group) if side is None and group not in here else side
        for group, side in zip(groups, splits, strict=False)
    ]
    return with_column(images, "split", found)


def _one_side(tables: Sequence[pa.Table], name: str) -> dict[str, str]:
    """The side of each value of a column, in the first table that has it; of those that are on
    several sides there, none.
    """
    found: dict[str, str | None] = {}
    for table in tables:
        here: dict[str, str | None] = {}
        for (value,), side in _rows(table, name):
            if value not in found:
                here[value] = side if here.get(value, side) == side else None
        found |= here
    return {value: side for value, side in found.items() if side is not None}


def _rows(table: pa.Table, *names: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """The values of some columns, and the side."""
    columns = (table[name].to_pylist() for name in names)
    return zip(zip(*columns, strict=True), table["split"].to_pylist(), strict=True)
