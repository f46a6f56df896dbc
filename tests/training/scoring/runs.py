"""Run folders with written predictions, and the repository with the version they are for."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vidset.datasets.images.measures import SCHEMA as MEASURES
from vidset.datasets.images.measures import measure
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.evaluation_id import evaluation_id
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository
from vidset.training.scoring.predictions import SCHEMA as PREDICTIONS

RECIPE_HASH = "5f" * 32
_MEASURED = ("brightness", "contrast", "sharpness", "pixels_sha256")


def png(number: int, side: int = 24) -> bytes:
    """Another picture for each number, the same for the same."""
    pixels = np.random.default_rng(number).integers(0, 256, (side, side, 3), np.uint8)
    return cv2.imencode(".png", pixels)[1].tobytes()


def make_version(root: Path, images: Sequence[Mapping[str, Any]], **details: Any) -> Manifest:
    """A version of pictures; each image says `uri`, `label`, and what else its entry has, or a
    measure (brightness, sharpness). `number` makes its pixels, else its place does.
    """
    repository = Repository(root)
    entries, measures = [], {}
    for place, image in enumerate(images):
        given = dict(image)
        data = png(given.pop("number", place))
        digest = repository.put_image(data, "png")
        measured = {
            name: given.pop(name, 100.0) for name in ("brightness", "contrast", "sharpness")
        }
        uri, label = given.pop("uri"), given.pop("label", None)
        entry = {
            "image_sha256": digest,
            "image_format": "png",
            "width": 24,
            "height": 24,
            "objects": None,
            "group": uri,
            "split": "validation",
            "origin": digest,
            "source": "folder",
        }
        objects = given.pop("objects", None)
        things = None if objects is None else to_json(objects)
        entries.append(
            Entry(**{**entry, **given, "image_uri": uri, "label": label, "objects": things})
        )
        measures[digest] = asdict(measure(data, uri)) | measured
    manifest = Manifest.of(entries)
    table = pa.Table.from_pylist(list(measures.values()), MEASURES)
    created = {"created_at": "2026-01-01T00:00:00.000+00:00", "transforms": [], "leaks": []}
    repository.write_version(manifest, table, {**created, **details})
    return manifest


def sha(number: int) -> str:
    """Of the picture of this number."""
    return hashlib.sha256(png(number)).hexdigest()


def classified(
    manifest: Manifest, split: str, classes: Sequence[str], answers: Mapping[str, Any]
) -> pa.Table:
    """Predictions of a split: by image_uri the label that is surely answered, or probabilities."""
    rows = []
    for entry in manifest.split(split):
        given = answers.get(entry.image_uri, entry.label)
        if isinstance(given, str):
            given = [0.9 if label == given else 0.1 / (len(classes) - 1) for label in classes]
        rows.append(
            {
                "image_sha256": entry.image_sha256,
                "image_uri": entry.image_uri,
                "origin": entry.origin,
                "truth": entry.label,
                "predicted": classes[int(np.argmax(given))],
                "probabilities": given,
            }
        )
    return pa.Table.from_pylist(rows, PREDICTIONS)


def detected(manifest: Manifest, split: str, found: Mapping[str, Sequence[Any]]) -> pa.Table:
    """Predictions of a detector: by image_uri, its objects."""
    rows = [
        {
            "image_sha256": entry.image_sha256,
            "image_uri": entry.image_uri,
            "origin": entry.origin,
            "truth": entry.objects,
            "predicted": json.dumps(list(found.get(entry.image_uri, []))),
            "probabilities": None,
        }
        for entry in manifest.split(split)
    ]
    return pa.Table.from_pylist(rows, PREDICTIONS)


def make_run(
    folder: Path,
    manifest: Manifest,
    predictions: Mapping[str, Mapping[int, pa.Table]],
    **details: Any,
) -> Path:
    """A run's folder.

    Args:
        predictions: by split and epoch; the best epoch is 1 unless told.
    """
    epochs = max(epoch for by_epoch in predictions.values() for epoch in by_epoch)
    run = {
        "model": "resnet50-c2-32",
        "task": "classification",
        "recipe_hash": RECIPE_HASH,
        "recipe": {},
        "version": manifest.id,
        "reference": "v1",
        "transforms": [],
        "classes": manifest.classes,
        "seed": 1,
        "epochs": epochs,
        "splits": list(predictions),
        "evaluation_ids": {split: evaluation_id(manifest.split(split)) for split in predictions},
        "train_images": 0,
        "best_epoch": 1,
        "state": "done",
        "created_at": "2026-01-02T00:00:00+00:00",
        "versions": {},
        "threads": 1,
    } | details
    run.setdefault("run_id", hashlib.sha256(f"{folder.name} {run}".encode()).hexdigest()[:32])
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(run))
    for split, by_epoch in predictions.items():
        for epoch, table in by_epoch.items():
            path = folder / "predictions" / split / f"epoch-{epoch:04d}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(table, path)
    return folder
