"""Mask R-CNN learns the objects of an image, where torchvision is: make test-torchvision."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.datasets.masked_cells import COLOURS, write_masked_cells
from tests.datasets.numerals import write_version
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


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A repository of drawn cells, its version, and a run that has learned them."""
    root = tmp_path_factory.mktemp("cells")
    repository, progress = Repository(root / "datasets"), Recorded()
    version = write_masked_cells(repository, {"train": 12, "validation": 4})
    train(
        repository,
        version,
        root / "run",
        model=MODEL,
        epochs=8,
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
    assert 0 < result["parts"]["ap50"] <= 1
    assert 0 <= result["exact_share"] <= 1
    for label in COLOURS:
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
