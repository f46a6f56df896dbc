"""A version's images, and what is added to them or stands instead of them."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from training.errors import DatasetError
from training.gathering import CANDIDATES
from training.manifest import Manifest
from training.repository import Repository
from training.sources.source import Fault, Kind


@dataclass(frozen=True, slots=True)
class Parent:
    """The version that a new one follows."""

    id: str
    images: Manifest
    measures: pa.Table
    groups: Mapping[str, str]
    """Groups as sources name them, where versions joined them: what they became."""


@dataclass(frozen=True, slots=True)
class Grown:
    """The parent's images and the new ones, `CANDIDATES`; and how many came how."""

    images: pa.Table
    counts: dict[str, int]


def open_parent(repository: Repository, reference: str) -> Parent:
    """The version to follow.

    Raises:
        DatasetError: there is none such; or its pictures were made by a recipe, and collected ones
            do not belong among them.
    """
    id_ = repository.resolve(reference)
    images = repository.manifest(id_)
    if images.table["made_by"].null_count < len(images):
        raise DatasetError(
            f"{reference}: wanted a version of collected images, got one that a recipe made: add "
            "to the version before it, and apply the recipe to what comes out"
        )
    return Parent(id_, images, repository.measures(id_), _joined_before(repository, id_))


def add_images(parent: Parent, found: pa.Table) -> Grown:
    """The parent's images with the found ones.

    Bytes that the parent has get the labels that were found, under the uri they had; labels that
    nothing was said of stay. Other bytes under a uri of the parent replace its image.
    """
    old = parent.images.table
    hashes, uris = old["image_sha256"].to_pylist(), old["image_uri"].to_pylist()
    said = {
        sha256: (label, objects)
        for sha256, label, objects in zip(
            *(found[name].to_pylist() for name in ("image_sha256", "label", "objects")), strict=True
        )
    }
    new = found.filter(~pc.field("image_sha256").isin(pa.array(hashes, pa.string())))
    replaced = set(new["image_uri"].to_pylist()) & set(uris)
    labels, objects = old["label"].to_pylist(), old["objects"].to_pylist()
    relabeled = 0
    for row, sha256 in enumerate(hashes):
        label, things = said.get(sha256, (None, None))
        now = (labels[row] if label is None else label, objects[row] if things is None else things)
        relabeled += now != (labels[row], objects[row])
        labels[row], objects[row] = now
    kept = _with(_with(old, "label", labels), "objects", objects).cast(CANDIDATES)
    kept = kept.filter(pa.array([uri not in replaced for uri in uris], pa.bool_()))
    counts = {
        "kept": kept.num_rows - relabeled,
        "relabeled": relabeled,
        "replaced": len(uris) - kept.num_rows,
        "added": new.num_rows - len(replaced),
    }
    return Grown(pa.concat_tables([kept, new]), counts)


def with_earlier_sides(images: pa.Table, parent: Parent) -> tuple[pa.Table, list[Fault]]:
    """Images that have no split get the one that the parent has them in, by bytes, by uri or by
    group; and groups their names there. The faults: images that their source has in another split.
    """
    old = parent.images.table
    hashes, uris, groups, sides = (
        old[name].to_pylist() for name in ("image_sha256", "image_uri", "group", "split")
    )
    exactly = dict(zip(zip(hashes, uris, strict=True), sides, strict=True))
    by_hash, by_uri, by_group = (_one_side(names, sides) for names in (hashes, uris, groups))
    splits, moved = [], []
    now = [parent.groups.get(group, group) for group in images["group"].to_pylist()]
    columns = (images[name].to_pylist() for name in ("image_sha256", "image_uri", "split"))
    for sha256, uri, split, group in zip(*columns, now, strict=True):
        earlier = exactly.get((sha256, uri)) or by_hash.get(sha256) or by_uri.get(uri)
        # What comes new into a group goes where the group is, if that is one side.
        splits.append(earlier or by_group.get(group) if split is None else split)
        if None not in (earlier, split) and earlier != split:
            moved.append(Fault(Kind.MOVED, uri, f"{earlier} before, {split} now"))
    return _with(_with(images, "split", splits), "group", now), moved


def _one_side(names: list[str], sides: list[str]) -> dict[str, str]:
    """The side that a name is on; those that are on several are left out."""
    found: dict[str, set[str]] = {}
    for name, side in zip(names, sides, strict=True):
        found.setdefault(name, set()).add(side)
    return {name: next(iter(several)) for name, several in found.items() if len(several) == 1}


def _joined_before(repository: Repository, id_: str) -> dict[str, str]:
    """What the groups of sources became, in a version and all before it."""
    joined: dict[str, str] = {}
    waiting, seen = [id_], set()
    while waiting:
        version = waiting.pop(0)
        if version in seen:
            continue
        seen.add(version)
        details = repository.details(version)
        joined = {**details.get("joined_groups", {}), **joined}
        waiting += details.get("parents", [])
    return joined


def _with(table: pa.Table, name: str, values: list) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(name), pa.array(values, pa.string()))
