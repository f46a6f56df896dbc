"""The detector learns, and what it predicts are boxes in the image's pixels."""

import json

import pyarrow.parquet as pq
import pytest

from tests.datasets.numerals import SHAPES, write_shapes
from tests.training.runs import Recorded, are_equal, train, weights
from vidset.datasets.versions.repository import Repository


@pytest.mark.slow
@pytest.mark.parametrize(
    ("images", "epochs", "ap50", "precision"),
    [
        pytest.param({"train": 72, "validation": 12}, 6, 0.3, "float32", id="few"),
        *(
            pytest.param(*more, id=f"more, {more[-1]}", marks=pytest.mark.chaos)
            for more in (
                ({"train": 120, "validation": 24}, 7, 0.5, "float32"),
                ({"train": 120, "validation": 24}, 7, 0.5, "bfloat16"),
            )
        ),
    ],
)
def test_detector_finds_drawn_shapes(images, epochs, ap50, precision, tmp_path):
    """In 54 and 105 batches; guessing would score 0."""
    repository, progress = Repository(tmp_path / "datasets"), Recorded()
    version = write_shapes(repository, images)
    run = train(
        repository,
        version,
        tmp_path / "run",
        model="centernet-r18-256",
        epochs=epochs,
        splits=("validation",),
        precision=precision,
        progress=progress,
    )
    assert run["task"] == "detection"
    assert run["classes"] == list(SHAPES)
    best = progress.lines[run["best_epoch"] - 1]["scores"]["validation"]
    assert best["ap50"] > ap50
    assert best["ap50"] == max(line["scores"]["validation"]["ap50"] for line in progress.lines)
    assert best["loss"] < progress.lines[0]["scores"]["validation"]["loss"]
    path = tmp_path / f"run/predictions/validation/epoch-{run['best_epoch']:04d}.parquet"
    entries = {each.image_uri: each for each in repository.manifest(version).split("validation")}
    rows = pq.read_table(path).to_pylist()
    assert {row["image_uri"] for row in rows} == set(entries)
    for row in rows:
        entry = entries[row["image_uri"]]
        assert row["probabilities"] is None
        assert len(json.loads(row["truth"])) == len(json.loads(entry.objects or ""))
        for thing in json.loads(row["predicted"]):
            box = thing["box"]
            assert thing["label"] in SHAPES
            assert 0.05 <= thing["score"] <= 1
            assert 0 <= box["x"] <= box["x"] + box["width"] <= entry.width
            assert 0 <= box["y"] <= box["y"] + box["height"] <= entry.height


def test_detector_that_finds_nothing_scores_zero(tmp_path):
    repository, progress = Repository(tmp_path / "datasets"), Recorded()
    version = write_shapes(repository, {"train": 8, "validation": 2})
    train(
        repository,
        version,
        tmp_path / "run",
        model="centernet-r18-256",
        epochs=1,
        splits=("validation",),
        progress=progress,
    )
    assert progress.lines[0]["scores"]["validation"]["ap50"] == pytest.approx(0, abs=0.05)


def test_detector_is_the_same_bit_for_bit_when_trained_again(tmp_path):
    repository = Repository(tmp_path / "datasets")
    version = write_shapes(repository, {"train": 12, "validation": 2})
    options = {"model": "centernet-r18-256", "epochs": 2, "splits": ("validation",)}
    for name in ("one", "other"):
        train(repository, version, tmp_path / name, **options)
    assert are_equal(weights(tmp_path / "one"), weights(tmp_path / "other"))
