"""Writes what trackers show of a run beside its curves, as files in the run's folder.

    RUN/records/records.json     scores by label, confusion, images with truth and prediction
    RUN/records/split.csv        which image of the version is on which side
    RUN/records/LICENSE          the licences of its images, if any are stated
    RUN/records/<split>/precision_recall.csv    precision and recall at every threshold
    RUN/records/<split>/*.png    some images, with what is true and what was predicted drawn on them

They are written where the images are. Trackers read them, and need neither PyTorch nor OpenCV.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa

from vidset.datasets.images.measures import decode
from vidset.datasets.versions.licences import licences_of, rights_of
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository, write_atomically
from vidset.formats.licence_files import summary
from vidset.training.running.drawn.split import Drawing
from vidset.training.running.evaluating import Request, evaluate
from vidset.training.running.trackers.shown import (
    CURVE_COLUMNS,
    CURVES,
    FOLDER,
    LICENCE,
    RECORDS,
    SPLIT,
)
from vidset.training.scoring.curves import precision_recall
from vidset.training.scoring.evaluation import right_images
from vidset.training.scoring.rivals import Gate
from vidset.training.scoring.run import Run, read_run

MOST_IMAGES = 32
_LONGEST_SIDE = 640
_ENTRY_COLUMNS = ("image_sha256", "image_uri", "split", "label", "group", "source")
_LEAST_SCORE = 0.3


def write_records(folder: Path, repository: Repository) -> None:
    """Evaluate a run that is done, and write all of it; the same run gives the same files."""
    run = read_run(folder)
    manifest = repository.manifest(run.version)
    nothing = Gate(None, (), 0.0, folder.absolute().parent)
    request = Request(folder, Path(repository.root), None, None, nothing)
    results = {result["split"]: result for result in evaluate(request).results}
    place = folder / FOLDER
    splits: dict[str, Any] = {}
    for split in run.splits:
        (place / split).mkdir(parents=True, exist_ok=True)
        shown = _images(run, repository, manifest, split, place)
        splits[split] = {"result": results[split], "images": list(shown)}
        if not run.is_segmentation:
            write_atomically(place / split / CURVES, _curves_csv(run, split))
    write_atomically(place / SPLIT, _split_csv(manifest))
    stated = rights_of(manifest.table)
    if any(stated):
        write_atomically(place / LICENCE, summary(stated).encode())
    said = {
        "version": {
            "id": run.version,
            "images": len(manifest),
            "splits": {name: len(manifest.split(name)) for name in manifest.splits},
            "parents": repository.details(run.version).get("parents", []),
            "licences": dict(licences_of(manifest.table)),
        },
        "splits": splits,
    }
    write_atomically(place / RECORDS, json.dumps(said, ensure_ascii=False).encode())


def _split_csv(manifest: Manifest) -> bytes:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_ENTRY_COLUMNS)
    columns = [manifest.table[name].to_pylist() for name in _ENTRY_COLUMNS]
    table.writerows(zip(*columns, strict=True))
    return text.getvalue().encode()


def _curves_csv(run: Run, split: str) -> bytes:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(CURVE_COLUMNS)
    for point in precision_recall(run, run.predictions(split, run.best_epoch)):
        table.writerow(astuple(point))
    return text.getvalue().encode()


def _images(
    run: Run, repository: Repository, manifest: Manifest, split: str, place: Path
) -> Iterator[dict[str, Any]]:
    """Yield some images, wrong ones and right ones, and draw them."""
    predictions = run.predictions(split, run.best_epoch)
    right = right_images(run, predictions)
    known = {(each.image_sha256, each.image_uri): each for each in manifest.split(split)}
    rows, drawing = _some(predictions, right), Drawing.of(run)
    for number, row in enumerate(rows):
        told = predictions.slice(row, 1).to_pylist()[0]
        entry = known[told["image_sha256"], told["image_uri"]]
        name = f"{split}/{number:03}.png"
        picture = decode(repository.read_image(entry), entry.image_uri)
        drawn = cv2.cvtColor(drawing.draw(picture, told, _LONGEST_SIDE), cv2.COLOR_RGB2BGR)
        write_atomically(place / name, cv2.imencode(".png", drawn)[1].tobytes())
        yield {
            "file": name,
            "image_uri": told["image_uri"],
            "image_sha256": told["image_sha256"],
            "truth": _words(run, told["truth"]),
            "prediction": _words(run, told["predicted"]),
            "right": bool(right[row]),
        }


def _some(predictions: pa.Table, right: np.ndarray) -> list[int]:
    """Half of them wrong and half right, as far as there are, in an order that chance gave once."""
    hashes = predictions["image_sha256"].to_pylist()
    order = sorted(
        range(len(hashes)), key=lambda row: hashlib.sha256(hashes[row].encode()).digest()
    )
    sides = [[row for row in order if bool(right[row]) is is_right] for is_right in (False, True)]
    half = MOST_IMAGES // 2
    wrong = sides[0][: max(half, MOST_IMAGES - len(sides[1]))]
    return [*wrong, *sides[1][: MOST_IMAGES - len(wrong)]]


def _words(run: Run, text: str | None) -> str:
    """A class as it is; of objects, how many there are of each label."""
    if text is None or run.task == "classification":
        return text or ""
    counts: dict[str, int] = {}
    for thing in _things(text):
        counts[thing["label"]] = counts.get(thing["label"], 0) + 1
    if run.is_segmentation:
        return ", ".join(sorted(counts))
    return ", ".join(f"{number} {label}" for label, number in sorted(counts.items()))


def _things(text: str | None) -> Sequence[Mapping[str, Any]]:
    """The objects; of predictions, those that are more than a guess."""
    told = json.loads(text) if text else []
    return [each for each in told if each.get("score", 1.0) >= _LEAST_SCORE]
