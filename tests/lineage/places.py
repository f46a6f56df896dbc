"""A small place with labels, versions and runs, whose whole truth is written down here."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.labels import make_output
from tests.documents.labels import annotation, put_annotations, put_tasks, task
from tests.training.scoring.runs import classified, detected, make_run, make_version, sha
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.place import Place

IMAGES = [
    {"uri": "t1", "label": "ii", "split": "train", "number": 1},
    {"uri": "t2", "label": "v", "split": "train", "number": 2},
    {"uri": "v1", "label": "ii", "number": 3, "collector_id": "cam1"},
    {"uri": "v2", "label": "v", "number": 4},
    {"uri": "v3", "label": "v", "number": 5},
]
CAR: dict[str, Any] = {"id": "1", "label": "car", "type": "box", "attributes": {}, "points": None}
CAR |= {"box": {"x": 1.0, "y": 1.0, "width": 10.0, "height": 10.0}}
__all__ = ["CAR", "IMAGES", "LabeledPlace", "classified", "detected", "make_run", "sha"]


@dataclass(frozen=True)
class LabeledPlace:
    """A place with two versions of the same validation images.

    Attributes:
        v0, v1: v1 was made from v0 and has one more training image.
    """

    folder: Path
    v0: Manifest
    v1: Manifest


def make_place(folder: Path) -> LabeledPlace:
    """Two versions, v0 and v1, a run of each seed 1 and 2 on v0, and one on v1."""
    v0 = make_version(folder / "datasets", IMAGES, actor="ada", message="first")
    more = {"uri": "t3", "label": "v", "split": "train", "number": 6}
    v1 = make_version(folder / "datasets", [*IMAGES, more], parents=[v0.id], actor="bob")
    repository = Repository(folder / "datasets")
    repository.name_version("v0", v0.id, actor="ada")
    repository.name_version("v1", v1.id, actor="bob")
    for name, version, seed, wrong in (
        ("v0-1", v0, 1, {"v2": "ii", "v3": "ii"}),
        ("v0-2", v0, 2, {"v2": "ii"}),
        ("v1-1", v1, 1, {}),
    ):
        table = classified(version, "validation", ["ii", "v"], wrong)
        run = make_run(
            folder / "runs" / name, version, {"validation": {1: table}}, seed=seed, train_images=2
        )
        line = {"epoch": 1, "train_loss": 0.5, "seconds": 1.5}
        line["scores"] = {"validation": {"accuracy": 1 - len(wrong) / 3, "loss": None}}
        (run / "history.jsonl").write_text(json.dumps(line) + "\n")
    return LabeledPlace(folder, v0, v1)


def label(folder: Path, videos: dict[str, int], labeled: int) -> list[str]:
    """Make videos with samples, and label the first images; the ids of all, by their uris."""
    make_output(folder, videos)
    images = sorted(Place.of(str(folder)).images(), key=lambda image: image.uri)
    store = SqliteStore(folder / "labels.sqlite")
    for number, image in enumerate(images[:labeled]):
        names = {"image_id": image.id, "image_uri": image.uri}
        put_annotations(store, annotation(number) | names)
        put_tasks(store, task(number) | names)
    store.close()
    return [image.id for image in images]
