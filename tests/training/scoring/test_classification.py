import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics

from vidset.datasets.errors import DatasetError
from vidset.training.scoring.answers import read_answers
from vidset.training.scoring.classification import score_answers

CLASSES = ("i", "ii", "iii")


def table(truth, predicted, probabilities=None):
    number = len(truth)
    if probabilities is None:
        probabilities = [[float(label == answer) for label in CLASSES] for answer in predicted]
    return pa.table(
        {
            "image_sha256": [f"{place:064x}" for place in range(number)],
            "image_uri": [f"{place}.png" for place in range(number)],
            "origin": [f"{place:064x}" for place in range(number)],
            "truth": pa.array(truth, pa.string()),
            "predicted": predicted,
            "probabilities": probabilities,
        }
    )


def score(truth, predicted, probabilities=None):
    return score_answers(read_answers(table(truth, predicted, probabilities), CLASSES))


def test_scores_are_those_of_scikit_learn():
    random = np.random.default_rng(3)
    truth = random.choice(CLASSES, 200, p=[0.6, 0.3, 0.1]).tolist()
    predicted = [t if random.random() < 0.7 else str(random.choice(CLASSES)) for t in truth]
    probabilities = random.dirichlet(np.ones(3), 200)
    found = score(truth, predicted, probabilities.tolist())
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, predicted))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        truth, predicted, labels=CLASSES
    )
    for place, label in enumerate(CLASSES):
        one = found["labels"][label]
        assert one["precision"] == pytest.approx(precision[place])
        assert one["recall"] == pytest.approx(recall[place])
        assert one["f1"] == pytest.approx(f1[place])
        assert one["support"] == support[place]
    assert found["macro"] == pytest.approx(
        {"precision": precision.mean(), "recall": recall.mean(), "f1": f1.mean()}
    )
    wanted = metrics.confusion_matrix(truth, predicted, labels=CLASSES)
    assert found["confusion"] == {"labels": list(CLASSES), "matrix": wanted.tolist()}
    assert found["loss"] == pytest.approx(metrics.log_loss(truth, probabilities, labels=CLASSES))


def test_a_constant_guess_scores_the_share_of_its_label():
    """Not 0.9, as the mean over ten yes-or-no questions would."""
    labels = ("i", "ii", "iii") * 10
    found = score(list(labels), ["i"] * 30)
    assert found["accuracy"] == pytest.approx(1 / 3)
    assert found["constant_guess"] == pytest.approx(1 / 3)
    assert found["macro"]["recall"] == pytest.approx(1 / 3)
    assert found["macro"]["f1"] == pytest.approx(0.5 / 3)


def test_what_is_not_defined_is_none_and_counts_as_nothing_won():
    found = score(["i", "i", "ii"], ["i", "i", "i"])
    assert found["labels"]["ii"]["precision"] is None
    assert found["labels"]["ii"]["recall"] == 0
    assert found["labels"]["iii"] == {
        "support": 0,
        "predicted": 0,
        "precision": None,
        "recall": None,
        "recall_interval": None,
        "f1": None,
    }
    assert found["macro"]["precision"] == pytest.approx((2 / 3 + 0) / 2)


def test_a_label_that_the_model_does_not_know_counts_as_wrong():
    found = score(["i", "x"], ["i", "i"])
    assert found["accuracy"] == 0.5
    assert found["labels"]["x"]["recall"] == 0
    assert found["confusion"]["labels"] == ["i", "ii", "iii", "x"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param(table(["i", None], ["i", "i"]), "1.png: has no label", id="no truth"),
        pytest.param(table(["i"], ["x"]), "0.png: 'x' was predicted", id="unknown answer"),
        pytest.param(
            table(["i"], ["i"], [[0.5, 0.5]]), "wanted 3 probabilities, got 2", id="probabilities"
        ),
    ],
)
def test_predictions_that_are_none_are_named(given, reason):
    with pytest.raises(DatasetError, match=reason):
        read_answers(given, CLASSES)
