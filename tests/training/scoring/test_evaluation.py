import pytest

from tests.training.scoring.runs import classified, detected, make_run, make_version
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.evaluation_id import evaluation_id
from vidset.datasets.versions.repository import Repository
from vidset.training.scoring.evaluation import Target, evaluate_split
from vidset.training.scoring.run import read_run

CLASSES = ["a", "b"]


def target(root, manifest, split):
    id_ = evaluation_id(manifest.split(split))
    return Target(split, id_, manifest.id, manifest, Repository(root).measures(manifest.id))


def images(number, split="validation"):
    return [
        {"uri": f"{split}/{place}.png", "label": CLASSES[place % 2], "split": split}
        for place in range(number)
    ]


def wrong(number, split="validation"):
    """The first so many images answered wrong."""
    return {f"{split}/{place}.png": CLASSES[1 - place % 2] for place in range(number)}


def test_the_best_epoch_and_the_mean_of_the_last_five_are_told_apart(tmp_path):
    manifest = make_version(tmp_path / "repository", images(10))
    mistakes = {1: 5, 2: 0, 3: 4, 4: 3, 5: 2, 6: 1, 7: 5}
    tables = {
        epoch: classified(manifest, "validation", CLASSES, wrong(number))
        for epoch, number in mistakes.items()
        if epoch != 1  # Not kept: neither the best nor of the last five.
    }
    run = read_run(make_run(tmp_path / "run", manifest, {"validation": tables}, best_epoch=2))
    found = evaluate_split(run, target(tmp_path / "repository", manifest, "validation"))
    assert (found["epoch"], found["accuracy"], found["score"]) == (2, 1.0, 1.0)
    assert found["last_epochs"] == [3, 4, 5, 6, 7]
    assert found["last_five"] == [0.6, 0.7, 0.8, 0.9, 0.5]
    assert found["last_five_mean"] == pytest.approx(0.7)
    assert found["evaluation_id"] == evaluation_id(manifest.split("validation"))
    assert found["recipe_hash"] == run.recipe_hash


def test_the_best_epoch_of_a_second_split_is_that_of_the_first(tmp_path):
    """A split that also chose its own epoch would be no test."""
    both = images(10) + images(4, "label_book")
    both = [{**image, "number": place} for place, image in enumerate(both)]
    manifest = make_version(tmp_path / "repository", both)
    tables = {
        split: {
            epoch: classified(manifest, split, CLASSES, wrong(number, split))
            for epoch, number in mistakes.items()
        }
        for split, mistakes in {
            "validation": {1: 2, 2: 3},
            "label_book": {1: 4, 2: 0},
        }.items()
    }
    run = read_run(make_run(tmp_path / "run", manifest, tables))
    found = evaluate_split(run, target(tmp_path / "repository", manifest, "label_book"))
    assert (found["epoch"], found["accuracy"], found["last_five_mean"]) == (1, 0.0, 0.5)


def test_all_images_of_an_evaluation_split_are_scored(tmp_path):
    """Neither shuffled, nor without the last batch: 13 images are 13 images."""
    manifest = make_version(tmp_path / "repository", images(13))
    table = classified(manifest, "validation", CLASSES, wrong(1))
    run = read_run(make_run(tmp_path / "run", manifest, {"validation": {1: table}}))
    found = evaluate_split(run, target(tmp_path / "repository", manifest, "validation"))
    assert found["images"] == 13
    assert sum(one["images"] for one in found["slices"] if one["by"] == "label") == 13


def test_a_detectors_score_is_its_average_precision(tmp_path):
    box = {"label": "a", "box": {"x": 2.0, "y": 2.0, "width": 8.0, "height": 8.0}}
    things = [
        {"uri": "0.png", "objects": [box]},
        {"uri": "1.png", "objects": []},
    ]
    manifest = make_version(tmp_path / "repository", things)
    table = detected(manifest, "validation", {"0.png": [{**box, "score": 0.9}]})
    folder = make_run(
        tmp_path / "run",
        manifest,
        {"validation": {1: table}},
        task="detection",
        classes=["a"],
    )
    found = evaluate_split(
        read_run(folder), target(tmp_path / "repository", manifest, "validation")
    )
    assert (found["score"], found["ap"], found["exact_share"]) == (1.0, 1.0, 1.0)
    assert next((one["by"], one["value"]) for one in found["slices"]) == ("label", "a")


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        pytest.param({"state": "running"}, "wanted one that is done, it is 'running'", id="state"),
        pytest.param({"best_epoch": 3}, "epoch-0003.parquet: .* not kept", id="not kept"),
    ],
)
def test_a_run_that_cannot_be_scored_says_why(tmp_path, details, reason):
    manifest = make_version(tmp_path / "repository", images(2))
    table = classified(manifest, "validation", CLASSES, {})
    folder = make_run(tmp_path / "run", manifest, {"validation": {1: table}}, **details)
    with pytest.raises(DatasetError, match=reason):
        evaluate_split(read_run(folder), target(tmp_path / "repository", manifest, "validation"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(None, "has no run.json", id="none"),
        pytest.param("{", "wanted a run in JSON", id="broken"),
        pytest.param("{}", "has no run_id, model", id="empty"),
        pytest.param("[]", "wanted a run, got list", id="a list"),
    ],
)
def test_a_folder_that_is_no_run_is_refused(tmp_path, text, reason):
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    with pytest.raises(DatasetError, match=reason):
        read_run(tmp_path)


def test_an_image_that_was_predicted_twice_is_named(tmp_path):
    manifest = make_version(tmp_path / "repository", images(2))
    table = classified(manifest, "validation", CLASSES, {})
    twice = table.take([0, 0, 1])
    folder = make_run(tmp_path / "run", manifest, {"validation": {1: twice}})
    with pytest.raises(DatasetError, match=r"\.png stands in it twice"):
        read_run(folder).predictions("validation", 1)
