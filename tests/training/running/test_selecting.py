"""The score that chooses a run's best epoch."""

import json

import pytest

from tests.datasets.numerals import write_numerals
from tests.training.runs import COUNTS, LABELS, train
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.repository import Repository
from vidset.training.models.registry import MODELS
from vidset.training.running.folder import RunFolder
from vidset.training.running.selecting import check_select_by, selecting_value


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    place = tmp_path_factory.mktemp("selecting")
    repository = Repository(place / "datasets")
    version = write_numerals(repository, COUNTS, labels=LABELS)
    return repository, version, place


def test_a_run_takes_the_epoch_that_is_best_by_the_score_asked_for(made):
    repository, version, place = made
    run = train(repository, version, place / "by-loss", epochs=5, select_by="loss")
    losses = [
        line["scores"]["validation"]["loss"] for line in RunFolder(place / "by-loss").history()
    ]
    assert run["select_by"] == "loss"
    assert run["best_epoch"] == 1 + losses.index(min(losses))
    assert RunFolder(place / "by-loss").checkpoint("best")["epoch"] == run["best_epoch"]
    with pytest.raises(DatasetError, match="select_by 'loss', asked for None"):
        train(repository, version, place / "by-loss", epochs=5)


def test_a_run_without_a_choice_is_what_it_was_before_there_was_one(made):
    repository, version, place = made
    run = train(repository, version, place / "plain", epochs=1)
    chosen = train(repository, version, place / "chosen", epochs=1, select_by="accuracy")
    assert "select_by" not in json.loads((place / "plain" / "run.json").read_text())
    assert run["run_id"] != chosen["run_id"]


def test_a_score_that_the_model_does_not_have_is_refused_before_any_work(made):
    repository, version, place = made
    with pytest.raises(DatasetError, match=r"a score of this model \(accuracy, loss\), got 'ap'"):
        train(repository, version, place / "refused", select_by="ap")
    assert not (place / "refused").exists()


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_every_model_names_its_scores(model):
    assert model.scores
    for name in (*model.scores, "loss"):
        check_select_by(name, model)


def test_less_loss_is_better_and_what_is_not_defined_is_worst():
    scores = {"ap50": 0.5, "ap": None, "loss": 2.0}
    assert selecting_value(scores, None) == 0.5
    assert selecting_value(scores, "loss") == -2.0
    assert selecting_value(scores, "ap") == float("-inf")
    with pytest.raises(DatasetError, match=r"\(ap50, ap, loss\), got 'los'.* Did you mean 'loss'"):
        selecting_value(scores, "los")
