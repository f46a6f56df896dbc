"""A dataset version from labeled images: checked, grouped, split, audited, written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from training.errors import DatasetError, FaultsError
from training.gathering import gather
from training.interim import assign_splits, join_groups
from training.manifest import Manifest
from training.repository import Repository
from training.sources.source import Fault, Kind, Source

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}


@dataclass(frozen=True, slots=True)
class Wanted:
    shares: Mapping[str, float] = field(default_factory=lambda: SHARES)
    seed: int = 0
    cap: int | None = None
    labels: frozenset[str] | None = None
    skip_faults: bool = False
    near_distance: int | None = 4
    name: str | None = None
    message: str = ""


def create(
    repository: Repository,
    source: Source,
    wanted: Wanted,
    progress: Callable[[int], None] = lambda n: None,
) -> str:
    gathered = gather(source, repository, wanted.labels, progress)
    fatal = [fault for fault in gathered.faults if not fault.kind.is_harmless]
    if fatal and not wanted.skip_faults:
        raise FaultsError("faults", list(map(str, fatal)))
    images = gathered.images
    groups = join_groups(images, gathered.measures, wanted.near_distance)
    splits = images["split"].to_pylist()
    free = [i for i, s in enumerate(splits) if s is None]
    if free:
        labels = images["label"].to_pylist()
        got = assign_splits(
            [groups[i] for i in free],
            [labels[i] for i in free],
            shares=dict(wanted.shares),
            seed=wanted.seed,
            earlier={},
        )
        for i, s in zip(free, got, strict=True):
            splits[i] = s
    images = images.set_column(images.schema.get_field_index("group"), "group", pa.array(groups))
    images = images.set_column(images.schema.get_field_index("split"), "split", pa.array(splits))
    manifest = Manifest(images)
    id_ = repository.write_version(
        manifest,
        gathered.measures,
        {
            "created_at": datetime.now(UTC).isoformat(),
            "parents": [],
            "message": wanted.message,
            "recipe": None,
            "transforms": [],
        },
    )
    if wanted.name:
        repository.name_version(wanted.name, id_)
    return id_
