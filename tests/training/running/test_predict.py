import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.datasets.numerals import numerals, write_numerals, write_shapes, write_version
from tests.training.runs import COUNTS, LABELS, train
from vidset.datasets.curation.recipe import transform
from vidset.datasets.errors import DatasetError
from vidset.datasets.images.measures import decode
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository
from vidset.training.running.predict import missing_steps, predict
from vidset.training.scoring.predictions import SCHEMA

MEDIAN = {"step": "median_filter", "size": 3}
PAD = {"step": "pad", "to": "square"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A repository with the version `raw` and `done`, the same images transformed; a run on it."""
    root = tmp_path_factory.mktemp("made")
    repository = Repository(root / "datasets")
    entries = list(numerals(repository, COUNTS, LABELS, seed=0))
    repository.name_version("raw", write_version(repository, entries))
    repository.name_version("done", _transformed(repository, entries))
    train(repository, "done", root / "run")
    return repository, root / "run"


def _transformed(repository, entries) -> str:
    from dataclasses import replace

    from tests.datasets.numerals import entry

    found = []
    for each in entries:
        picture = transform(decode(repository.read_image(each), each.image_uri), [MEDIAN, PAD])
        stored = entry(repository, picture, each.image_uri, each.split, each.label)
        found.append(replace(stored, origin=each.origin))
    return write_version(repository, found, {"transforms": [MEDIAN, PAD]})


def test_predict_gives_what_the_best_epoch_said(made):
    repository, run = made
    best = json.loads((run / "run.json").read_text())["best_epoch"]
    kept = pq.read_table(run / f"predictions/validation/epoch-{best:04d}.parquet")
    assert predict(run, repository, "done", "validation").equals(kept)


def test_predict_applies_the_transforms_that_a_version_lacks(made):
    repository, run = made
    raw, done = (predict(run, repository, name, "validation") for name in ("raw", "done"))
    assert raw.schema.equals(SCHEMA)

    def by_origin(table):
        return {row["origin"]: row["probabilities"] for row in table.to_pylist()}

    assert by_origin(raw).keys() == by_origin(done).keys()
    for origin, probabilities in by_origin(raw).items():
        np.testing.assert_allclose(probabilities, by_origin(done)[origin], atol=1e-6)


@pytest.mark.parametrize(
    ("wanted", "done", "missing"),
    [
        pytest.param([], [], [], id="none"),
        pytest.param([MEDIAN, PAD], [], [MEDIAN, PAD], id="all"),
        pytest.param([MEDIAN, PAD], [MEDIAN], [PAD], id="the last"),
        pytest.param([MEDIAN], [MEDIAN], [], id="none any more"),
    ],
)
def test_missing_steps_are_what_comes_after_those_made(wanted, done, missing):
    assert missing_steps(wanted, done, "v1") == missing


@pytest.mark.parametrize(
    ("wanted", "done"),
    [
        pytest.param([], [PAD], id="more than the run"),
        pytest.param([MEDIAN, PAD], [PAD], id="another order"),
        pytest.param([MEDIAN], [{**MEDIAN, "size": 5}], id="another parameter"),
    ],
)
def test_missing_steps_refuses_other_transforms(wanted, done):
    with pytest.raises(DatasetError, match="version v1: its images have had the transforms"):
        missing_steps(wanted, done, "v1")


def test_predict_refuses_a_run_of_another_recipe(made, tmp_path):
    repository, run = made
    details = json.loads((run / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps({**details, "recipe_hash": "0" * 64}))
    with pytest.raises(
        DatasetError, match="was trained by the recipe 000000000000, that of resnet50-c2-32 is 748b"
    ):
        predict(tmp_path, repository, "done", "validation")


@pytest.mark.parametrize("state", [None, "running"])
def test_predict_refuses_a_run_that_is_not_done(made, tmp_path, state):
    repository, run = made
    if state:
        details = json.loads((run / "run.json").read_text())
        (tmp_path / "run.json").write_text(json.dumps({**details, "state": state}))
    with pytest.raises(DatasetError, match="wanted a training run that is done"):
        predict(tmp_path, repository, "done", "validation")


def test_predict_names_the_splits_that_there_are(made):
    repository, run = made
    with pytest.raises(
        DatasetError, match="no split 'test'; it has: label_book, train, validation"
    ):
        predict(run, repository, "done", "test")


def test_predict_refuses_boxes_that_would_not_follow_a_transform(tmp_path):
    repository = Repository(tmp_path / "datasets")
    raw = write_shapes(repository, {"train": 8, "validation": 2})
    manifest: Manifest = repository.manifest(raw)
    padded = write_version(repository, [*manifest][1:], {"transforms": [PAD]})
    options = {"model": "centernet-r18-256", "epochs": 1, "splits": ("validation",)}
    train(repository, padded, tmp_path / "run", **options)
    with pytest.raises(DatasetError, match="its objects would not follow"):
        predict(tmp_path / "run", repository, raw, "validation")
    assert len(predict(tmp_path / "run", repository, padded, "validation")) in (1, 2)


def test_predict_of_a_label_that_the_run_does_not_know_is_wrong(made):
    repository, run = made
    other = write_numerals(repository, {"validation": 2}, labels=("vi",), seed=3)
    repository_details = repository.details(other)
    assert repository_details["transforms"] == []
    rows = predict(run, repository, other, "validation").to_pylist()
    assert [row["truth"] for row in rows] == ["vi", "vi"]
    assert all(row["predicted"] in LABELS for row in rows)
