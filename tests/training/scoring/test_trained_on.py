import pytest

from tests.training.scoring.runs import classified, make_run, make_version
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.evaluation_id import evaluation_id
from vidset.datasets.versions.repository import Repository
from vidset.training.scoring.evaluation import Target
from vidset.training.scoring.run import read_run
from vidset.training.scoring.trained_on import find_trained_on


@pytest.fixture
def run(tmp_path):
    """A run that was trained on the pictures 0 to 3 and validated on 4."""
    images = [{"uri": f"{n}.png", "label": "a", "number": n, "split": "train"} for n in range(4)]
    images.append({"uri": "4.png", "label": "b", "number": 4})
    manifest = make_version(tmp_path / "datasets", images)
    table = classified(manifest, "validation", ["a", "b"], {})
    return read_run(make_run(tmp_path / "run", manifest, {"validation": {1: table}}))


def target(root, images):
    manifest = make_version(root, images).split("validation")
    version = make_version(root, images).id
    measures = Repository(root).measures(version)
    return Target("validation", evaluation_id(manifest), version, manifest, measures)


def test_images_that_stood_in_training_are_named_with_their_twin(run, tmp_path):
    images = [
        {"uri": "again.png", "label": "a", "number": 2},
        {"uri": "held out.png", "label": "a", "number": 4},
        {"uri": "new.png", "label": "a", "number": 9},
        {"uri": "made.png", "label": "a", "number": 10, "origin": run_origin(run, tmp_path)},
    ]
    found = find_trained_on(
        run, Repository(tmp_path / "datasets"), target(tmp_path / "datasets", images)
    )
    assert sorted(found.same) == [
        "again.png: exact, as 2.png of training",
        "made.png: origin, as 1.png of training",
    ]
    assert found.near == ()


def run_origin(run, tmp_path):
    manifest = Repository(tmp_path / "datasets").manifest(run.version)
    return next(entry.origin for entry in manifest if entry.image_uri == "1.png")


def test_a_version_that_is_not_there_cannot_be_looked_up(run, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    with pytest.raises(DatasetError, match="whether these images stood in its training cannot"):
        find_trained_on(run, Repository(elsewhere), target(elsewhere, [{"uri": "1.png"}]))
