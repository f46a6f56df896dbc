"""A small honest place, in which one file is then replaced by a stranger."""

import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.cli.called import vidset
from tests.cli.dataset.outputs import BUS, CAR, add_video, export
from tests.training.scoring.runs import detected, make_run
from vidset.datasets.versions.repository import Repository

# What a place's files are, by the names that the matrix has for them.
SLOTS: Mapping[str, str] = {
    "settings": "vidset.toml",
    "format": "vidset.json",
    "frames": "frames/*.parquet",
    "videos": "videos/*.parquet",
    "image": "images/a/0/0000000000.jpg",
    "store": "labels.sqlite",
    "warehouse": "warehouse/frames/*-base.parquet",
    "gathered": "warehouse/ledger_files.parquet",
    "manifest": "datasets/versions/*/manifest.parquet",
    "version": "datasets/versions/*/version.json",
    "measures": "datasets/versions/*/measures.parquet",
    "schema": "datasets/schema.json",
    "name": "datasets/names/v0",
    "version's image": "datasets/images/*/*",
    "run": "runs/r1/run.json",
    "history": "runs/r1/history.jsonl",
    "predictions": "runs/r1/predictions/train/*.parquet",
    "checkpoint": "runs/r1/checkpoints/best.pt",
    "analysis": "errors/errors.json",
    "word": "serving.json",
}


def place_with(slot: str | None, folder: Path) -> Path | None:
    """Copy the honest place into a folder; the path of the slot's file, which is removed."""
    shutil.copytree(_honest(), folder, symlinks=True, dirs_exist_ok=True)
    if slot is None:
        return None
    [path, *_] = sorted(folder.glob(SLOTS[slot])) or [folder / SLOTS[slot]]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    for beside in folder.glob(f"{SLOTS[slot]}-*"):  # SQLite's log.
        beside.unlink()
    return path


@cache
def _honest() -> Path:
    place = Path(tempfile.mkdtemp(prefix="vidset-honest-"))
    (place / "vidset.toml").write_text("")
    add_video(place, "a.mp4", [1, 2, 3, 4])
    add_video(place, "b.mp4", [5, 6, 7, 8])
    labels = {f"{video}/0/{second:07d}000.jpg": (CAR, BUS) for video in "ab" for second in range(4)}
    export(place, labels)
    made = vidset("dataset", "create", "-p", place, "-n", "v0", "--shares", "train=1", "-q")
    assert made.code == 0, made.err
    repository = Repository(place / "datasets")
    manifest = repository.manifest("v0")
    found = {entry.image_uri: [] for entry in manifest}
    answers = {"train": {1: detected(manifest, "train", found)}}
    detector = {"model": "centernet-r18-256", "task": "detection"}
    run = make_run(place / "runs" / "r1", manifest, answers, **detector)
    (run / "checkpoints").mkdir()
    return place
