"""A small version of a large one, for quick tries: drawn with a seed, each label with its share."""

import hashlib
from collections import defaultdict
from datetime import UTC, datetime

from vidset.actor import actor_of
from vidset.datasets.errors import DatasetError
from vidset.datasets.rows import rows_with
from vidset.datasets.versions.entry import Entry, label_names
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository
from vidset.versions import vidset_version

_KEPT = ("shares", "near_distance", "transforms", "leaks", "label_order")


def cut_subset(
    repository: Repository, reference: str, images: int, seed: int = 0, actor: str | None = None
) -> str:
    """Make the version with some images of another one; returns its id.

    Of each split and each set of labels it takes the same share, at least one image, so that the
    number may be exceeded where there are many sets. The same version, number and seed give the
    same subset. Every image stays on its side of the split.

    Args:
        images: how many, at least 1. A version that has no more is returned as it is.

    Raises:
        DatasetError: there is no such version, or the number is less than 1.
    """
    if images < 1:
        raise DatasetError(f"--subset: wanted 1 image or more, got {images}")
    id_ = repository.resolve(reference)
    whole = repository.manifest(id_)
    if len(whole) <= images:
        return id_
    of_kind: defaultdict[tuple[str, ...], list[Entry]] = defaultdict(list)
    for entry in whole:
        labels = label_names(entry.label, entry.objects)
        of_kind[(entry.split, *labels)].append(entry)
    taken: list[Entry] = []
    for kind in sorted(of_kind):
        several = sorted(of_kind[kind], key=lambda entry: _draw(entry, seed))
        taken += several[: max(1, round(images * len(several) / len(whole)))]
    manifest = Manifest.of(taken)
    wanted = manifest.table["image_sha256"]
    details = repository.details(id_)
    measures = rows_with(repository.measures(id_), "image_sha256", wanted).sort_by("image_sha256")
    return repository.write_version(
        manifest,
        measures,
        {
            **{key: details[key] for key in _KEPT if key in details},
            "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "vidset_version": vidset_version(),
            "actor": actor_of(actor),
            "parents": [id_],
            "message": f"{len(manifest)} of {len(whole)} images, drawn with seed {seed}",
            "recipe": None,
            "seed": seed,
        },
    )


def _draw(entry: Entry, seed: int) -> bytes:
    """Return where an image stands in the order of a seed, whatever images are beside it."""
    name = f"{seed} {entry.image_sha256} {entry.image_uri}"
    return hashlib.sha256(name.encode()).digest()
