import pytest

from tests.training.scoring.runs import detected, make_run, make_version
from vidset.training.scoring.answer_scores import answer_scores, best_f1
from vidset.training.scoring.average_precision import rank
from vidset.training.scoring.matching import Thing
from vidset.training.scoring.run import read_run


def ranked(truths, predicted):
    """One label's predictions: a truth is a place, a prediction a place and a score."""
    there = [[Thing("car", 100.0 * x, 0, 50, 50) for x in image] for image in truths]
    found = [
        [Thing("car", 100.0 * x, 0, 50, 50, score) for x, score in image] for image in predicted
    ]
    return rank(there, found, ["car"])["car"]


@pytest.mark.parametrize(
    ("truths", "predicted", "wanted"),
    [
        pytest.param([[0], [0]], [[(0, 0.31)], [(0, 0.22)]], 0.22, id="never surer than a third"),
        pytest.param([[0], [0]], [[(0, 0.9)], [(5, 0.4), (0, 0.2)]], 0.2, id="one wrong between"),
        pytest.param([[0]], [[(0, 0.9), (5, 0.4), (6, 0.3)]], 0.9, id="wrong ones below"),
        pytest.param([[0], []], [[(0, 0.4)], [(0, 0.4)]], 0.4, id="equals count together"),
        pytest.param([[0]], [[(5, 0.9)]], 0.5, id="no hit"),
        pytest.param([[0]], [[]], 0.5, id="no prediction"),
    ],
)
def test_the_answer_score_gives_the_best_f1(truths, predicted, wanted):
    assert best_f1(ranked(truths, predicted)) == wanted


def test_answer_scores_are_chosen_on_the_split_that_chose_the_epoch(tmp_path):
    box = {"label": "car", "box": {"x": 2.0, "y": 2.0, "width": 8.0, "height": 8.0}}
    manifest = make_version(
        tmp_path / "datasets",
        [
            {"uri": "0.png", "objects": [box]},
            {"uri": "1.png", "objects": [box], "split": "test"},
        ],
    )
    tables = {
        split: {1: detected(manifest, split, {uri: [{**box, "score": score}]})}
        for split, uri, score in (("validation", "0.png", 0.3), ("test", "1.png", 0.1))
    }
    folder = make_run(tmp_path / "r", manifest, tables, task="detection", classes=["car", "bus"])
    found = answer_scores(read_run(folder))
    assert (found.least("car"), found.least("bus"), found.least("new")) == (0.3, 0.5, 0.5)
    assert found.chosen_by == "best F1 on validation, epoch 1"
    assert answer_scores(read_run(folder), 0.7).least("car") == 0.7
