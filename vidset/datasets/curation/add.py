"""A version's images, and what is added to them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from vidset.datasets.curation.candidates import CANDIDATES, with_column
from vidset.datasets.curation.parent import Parent
from vidset.datasets.rows import rows_with, rows_without
from vidset.datasets.versions.objects import content_of
from vidset.rights import Rights


@dataclass(frozen=True, slots=True)
class Grown:
    """The parent's images and the new ones, `CANDIDATES`; and how many came how."""

    images: pa.Table
    counts: dict[str, int]


def add_images(parent: Parent, found: pa.Table) -> Grown:
    """The parent's images with the found ones.

    Bytes that the parent has get the labels that were found, under the uri they had, or if that is
    another image's now, under the one that they were found under; labels that nothing was said of
    stay, and so do rights. Other bytes under a uri of the parent replace its image.
    """
    old = parent.images.table
    hashes, uris = old["image_sha256"].to_pylist(), old["image_uri"].to_pylist()
    stated = dict(
        zip(*(found[name].to_pylist() for name in ("image_sha256", "rights")), strict=True)
    )
    said = {
        sha256: (label, objects)
        for sha256, label, objects in zip(
            *(found[name].to_pylist() for name in ("image_sha256", "label", "objects")), strict=True
        )
    }
    new = rows_without(found, "image_sha256", hashes)
    again = rows_with(found, "image_sha256", hashes)
    names = _names_now(hashes, uris, again, new["image_uri"].to_pylist())
    labels, objects = old["label"].to_pylist(), old["objects"].to_pylist()
    rights = old["rights"].to_pylist()
    relabeled = 0
    for row, sha256 in enumerate(hashes):
        label, things = said.get(sha256, (None, None))
        if things != objects[row] and content_of(things) == content_of(objects[row]):
            things = None  # Only ids or the order are others.
        now = (labels[row] if label is None else label, objects[row] if things is None else things)
        relabeled += now != (labels[row], objects[row]) and names[row] is not None
        labels[row], objects[row] = now
        if now_stated := stated.get(sha256):
            before = Rights.from_json(rights[row])
            rights[row] = Rights.from_json(now_stated).or_else(before).to_json()
    kept = old
    columns = {"label": labels, "objects": objects, "image_uri": names, "rights": rights}
    for name, values in columns.items():
        kept = with_column(kept, name, values)
    kept = kept.cast(CANDIDATES)
    kept = kept.filter(kept["image_uri"].is_valid())
    replaced = len(uris) - kept.num_rows
    counts = {
        "kept": kept.num_rows - relabeled,
        "relabeled": relabeled,
        "replaced": replaced,
        "added": new.num_rows - replaced,
    }
    return Grown(pa.concat_tables([kept, new]), counts)


def _names_now(
    hashes: Sequence[str], uris: Sequence[str], known: pa.Table, new_uris: Sequence[str]
) -> list[str | None]:
    """The uri of each of the parent's images; None: another image has it, and this has no other.

    Args:
        known: what was found of bytes that the parent has.
        new_uris: of those that it has not.
    """
    offered: defaultdict[str, list[str]] = defaultdict(list)
    for sha256, uri in zip(
        *(known[n].to_pylist() for n in ("image_sha256", "image_uri")), strict=True
    ):
        offered[sha256].append(uri)
    held: defaultdict[str, set[str]] = defaultdict(set)
    rows_of: defaultdict[str, list[int]] = defaultdict(list)
    for row, (sha256, uri) in enumerate(zip(hashes, uris, strict=True)):
        held[sha256].add(uri)
        rows_of[uri].append(row)
    names: list[str | None] = list(uris)
    waiting = list(new_uris)
    while waiting:
        # A name that an image was given may be one that another has.
        for row in rows_of.pop(waiting.pop(), []):
            free = [uri for uri in offered[hashes[row]] if uri not in held[hashes[row]]]
            names[row] = free[0] if free else None
            if free:
                held[hashes[row]].add(free[0])
                waiting.append(free[0])
    return names
