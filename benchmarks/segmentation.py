"""Masks and the model of pixels: what 100,000 masks take on disk, and a drawn street learned."""

import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from tests.datasets.streets import write_streets
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository
from vidset.masks import Mask
from vidset.outlines import filled
from vidset.training.running.threads import set_threads

_OBJECTS, _ON_AN_IMAGE, _SIZE = 100_000, 10, (1280, 720)
_SCENES = {"train": 120, "validation": 30}
_EPOCHS, _THREADS = 16, 2
_MODEL = "unet-r18-320x180"


def run(_: list[Path]) -> None:
    set_threads(_THREADS)
    cv2.setNumThreads(1)
    _masks()
    _street()


def _masks() -> None:
    random = np.random.default_rng(0)
    images = _OBJECTS // _ON_AN_IMAGE
    without = len(Manifest.of(_entry(number, []) for number in range(images)).to_parquet())
    manifest = Manifest.of(
        _entry(number, [_blot(random) for _ in range(_ON_AN_IMAGE)]) for number in range(images)
    )
    began = time.process_time()
    data = manifest.to_parquet()
    middle = time.process_time()
    back = Manifest.from_parquet(data)
    ended = time.process_time()
    assert back.id == manifest.id
    print(f"\n{_OBJECTS:,} masks of drawn polygons, {_SIZE[0]} x {_SIZE[1]}, each another\n")
    print("| | |\n|---|---|")
    print(f"| bytes a mask in the manifest | {(len(data) - without) / _OBJECTS:.0f} |")
    print(f"| writing the manifest | {middle - began:.0f} CPU s |")
    print(f"| reading it | {ended - middle:.0f} CPU s |", flush=True)


def _entry(number: int, masks: list[Mask]) -> Entry:
    things = [
        {"id": str(place), "label": "car", "type": "mask", "mask": mask.to_document()}
        for place, mask in enumerate(masks, 1)
    ]
    digest, name = f"{number:064x}", f"{number}.jpg"
    return Entry(
        *(digest, name, "jpeg", *_SIZE, None, to_json(things), "g", "train", digest), source="coco"
    )


def _blot(random: np.random.Generator) -> Mask:
    """A polygon of 20 to 60 corners, 64 to 256 pixels wide, filled where it lies in its image."""
    turns = np.sort(random.random(random.integers(20, 61))) * 2 * np.pi
    width, height = (int(side) for side in random.integers(64, 257, 2))
    reach = 0.85 + 0.15 * random.random(len(turns))
    xs = width / 2 * (1 + np.cos(turns) * reach)
    ys = height / 2 * (1 + np.sin(turns) * reach)
    points = tuple(zip(xs.tolist(), ys.tolist(), strict=True))
    small = filled([(points, False)], width, height)
    x, y = (
        int(random.integers(whole - side))
        for whole, side in zip(_SIZE, small.shape[::-1], strict=True)
    )
    picture = np.zeros(_SIZE[::-1], bool)
    picture[y : y + height, x : x + width] = small
    return Mask.of(picture)


def _street() -> None:
    from tests.training.runs import Recorded
    from vidset.training.models.registry import fixed_model
    from vidset.training.running.running import Request, run_training
    from vidset.training.scoring.pixels import count_pixels
    from vidset.training.scoring.run import read_run
    from vidset.training.scoring.segmentation import score_pixels

    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        repository = Repository(root / "datasets")
        version = write_streets(repository, _SCENES)
        assert fixed_model(_MODEL).task == "segmentation"
        began, cpu_began = time.perf_counter(), time.process_time()
        run_training(
            Request(
                repository=repository,
                reference=version,
                output=root / "run",
                seed=1,
                epochs=_EPOCHS,
                splits=("validation",),
                model=_MODEL,
                threads=_THREADS,
            ),
            Recorded(),
        )
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu_began
        run = read_run(root / "run")
        scores = score_pixels(
            count_pixels(run.predictions("validation", run.best_epoch), run.classes)
        )
    print(
        f"\n`{_MODEL}`, {_SCENES['train']} drawn streets, {_EPOCHS} epochs, {_THREADS} threads: "
        f"{seconds / 60:.1f} minutes, {cpu / 60:.1f} of CPU; epoch {run.best_epoch} of "
        f"{_SCENES['validation']} other streets\n"
    )
    print("| label | IoU | of always the most frequent label |\n|---|---|---|")
    support = {label: one["support"] for label, one in scores["labels"].items()}
    most = max(support, key=support.__getitem__)
    for label, one in scores["labels"].items():
        guess = support[label] / sum(support.values()) if label == most else 0.0
        print(f"| {label} | {one['iou']:.3f} | {guess:.3f} |")
    print(f"| mean | {scores['mean_iou']:.3f} | {scores['constant_guess']:.3f} |", flush=True)
