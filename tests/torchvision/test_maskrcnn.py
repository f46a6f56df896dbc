"""Mask R-CNN learns the objects of an image, where torchvision is: make test-torchvision."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.datasets.numerals import entry, write_version
from tests.training.runs import Recorded, are_equal, train, weights
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.repository import Repository
from vidset.masks import Mask
from vidset.training.models.registry import fixed_model
from vidset.training.running.predict import predict
from vidset.training.scoring.evaluation import Target, evaluate_split
from vidset.training.scoring.predictions import read_predictions
from vidset.training.scoring.run import read_run

pytest.importorskip(
    "torchvision.models.detection",
    reason="torchvision needs a PyTorch of its own: make test-torchvision",
)
MODEL = "maskrcnn-r50-fpn"
_COLOURS = {"red cell": (200, 60, 70), "white cell": (120, 90, 180)}


def draw_cells(random: np.random.Generator) -> tuple[np.ndarray, list[dict]]:
    """On a light ground some cells, a mask each; they do not touch."""
    height, width = 128, 160
    picture = np.full((height, width, 3), (235, 215, 215), np.float32)
    taken, things = np.zeros((height, width), bool), []
    for _ in range(12):
        label = str(random.choice(list(_COLOURS)))
        axes = (
            tuple(int(each) for each in random.integers(14, 20, 2))
            if label == "red cell"
            else tuple(int(each) for each in random.integers(22, 28, 2))
        )
        centre = int(random.integers(10, width - 10)), int(random.integers(10, height - 10))
        stencil = np.zeros((height, width), np.uint8)
        cv2.ellipse(stencil, centre, axes, 0, 0, 360, 1, -1)
        pixels = stencil > 0
        if (taken & pixels).any():
            continue
        taken |= cv2.dilate(stencil, np.ones((5, 5), np.uint8)) > 0
        picture[pixels] = np.array(_COLOURS[label]) + random.normal(0, 8, 3)
        mask = Mask.of(pixels).to_document()
        things.append({"id": str(len(things)), "label": label, "type": "mask", "mask": mask})
    noise = random.normal(0, 5, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8), things


def write_cells(repository: Repository, counts: dict[str, int]) -> str:
    random = np.random.default_rng(0)
    entries = []
    for split, count in counts.items():
        for number in range(count):
            picture, things = draw_cells(random)
            entries.append(entry(repository, picture, f"{split}/{number}.png", split, None, things))
    return write_version(repository, entries)


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A repository of drawn cells, its version, and a run that has learned them."""
    root = tmp_path_factory.mktemp("cells")
    repository, progress = Repository(root / "datasets"), Recorded()
    version = write_cells(repository, {"train": 12, "validation": 4})
    train(
        repository,
        version,
        root / "run",
        model=MODEL,
        epochs=14,
        splits=("validation",),
        threads=2,
        progress=progress,
    )
    return repository, version, root / "run", progress


def test_it_finds_cells_and_their_pixels(learned):
    repository, version, folder, _ = learned
    run = read_run(folder)
    manifest = repository.manifest(version)
    target = Target(
        "validation",
        run.evaluation_ids["validation"],
        version,
        manifest.split("validation"),
        repository.measures(version),
    )
    result = evaluate_split(run, target)
    print({name: result[name] for name in ("ap50", "ap", "exact_share")}, result["masks"]["ap50"])
    assert result["ap50"] > 0.5
    assert result["masks"]["ap50"] > 0.5
    assert 0 <= result["exact_share"] <= 1
    for label in _COLOURS:
        assert len(result["masks"]["labels"][label]["curve"]) == 11
    best = predict(folder, repository, version, "validation").to_pylist()
    kept = read_predictions(folder / f"predictions/validation/epoch-{run.best_epoch:04d}.parquet")
    rows = {row["image_uri"]: row["predicted"] for row in kept.to_pylist()}
    for row in best:
        assert row["predicted"] == rows[row["image_uri"]]
        for thing in json.loads(row["predicted"]):
            mask = Mask.from_document(thing["mask"])
            left, top, right, bottom = mask.bounds or (0, 0, 0, 0)
            box = {"x": left, "y": top, "width": right - left, "height": bottom - top}
            assert (mask.width, mask.height) == (160, 128)
            assert thing["box"] == box


def test_it_is_the_same_bit_for_bit_when_trained_again(learned, tmp_path):
    repository, version, _, _ = learned
    small = [each for each in repository.manifest(version) if each.image_uri[-5] in "01"]
    again = write_version(repository, small)
    for name in ("one", "other"):
        train(repository, again, tmp_path / name, model=MODEL, epochs=1, splits=("validation",))
    assert are_equal(weights(tmp_path / "one"), weights(tmp_path / "other"))


def test_what_does_not_tell_pixels_cannot_be_learned(learned):
    repository, version, _, _ = learned
    learner = fixed_model(MODEL).learner()
    each = next(iter(repository.manifest(version)))
    box = {"id": "1", "label": "cell", "box": {"x": 1, "y": 1, "width": 2, "height": 2}}
    empty = {"id": "1", "label": "cell", "mask": Mask.of(np.zeros((128, 160))).to_document()}
    for objects, said in (
        (None, "nobody said which objects it has"),
        (to_json([box]), "has a box (cell)"),
        (to_json([empty]), "has an object without a pixel (cell)"),
    ):
        assert said in (learner.unusable(replace(each, objects=objects)) or "")
    assert learner.unusable(replace(each, objects="[]")) is None
