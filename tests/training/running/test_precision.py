"""Learning in bfloat16: another recipe, the same bits each time, and a network that learns."""

import json

import pytest
import torch

from tests.datasets.numerals import write_numerals
from tests.training.runs import COUNTS, LABELS, are_equal, train, weights
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.repository import Repository
from vidset.training.models.centernet import Output
from vidset.training.models.registry import MODELS, fixed_model
from vidset.training.running.loop import _in_float32
from vidset.training.running.of_run import model_of


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A repository, its version, and the folder of a run of three epochs in bfloat16."""
    root = tmp_path_factory.mktemp("precision")
    repository = Repository(root / "datasets")
    version = write_numerals(repository, COUNTS, labels=LABELS)
    train(repository, version, root / "run", precision="bfloat16")
    return repository, version, root / "run"


def losses(run) -> list[float]:
    lines = (run / "history.jsonl").read_text().splitlines()
    return [json.loads(line)["train_loss"] for line in lines]


def test_a_network_learns_in_bfloat16_and_its_weights_are_float32(made):
    *_, run = made
    first, *_, last = losses(run)
    assert last < first
    assert {each.dtype for each in weights(run).values()} <= {torch.float32, torch.int64}


def test_it_is_another_recipe_that_the_run_is_asked_by(made):
    *_, run = made
    details = json.loads((run / "run.json").read_text())
    usual = fixed_model(details["model"])
    assert details["recipe_hash"] != usual.recipe_hash
    assert model_of(run, details) == usual.in_precision("bfloat16")
    assert usual.in_precision("float32") is usual


def test_a_run_is_the_same_whenever_it_is_made_and_float32_is_another(made, tmp_path):
    repository, version, run = made
    train(repository, version, tmp_path / "again", precision="bfloat16")
    assert are_equal(weights(run), weights(tmp_path / "again"))
    train(repository, version, tmp_path / "whole")
    assert not are_equal(weights(run), weights(tmp_path / "whole"))


def test_a_run_of_one_precision_does_not_go_on_in_another(made):
    repository, version, run = made
    with pytest.raises(DatasetError, match="recipe"):
        train(repository, version, run)


def test_another_precision_is_refused():
    model = MODELS["unet-r18-320x180"]
    with pytest.raises(DatasetError, match="wanted float32 or bfloat16, got 'float16'"):
        model.in_precision("float16")


def test_all_parts_of_an_output_become_float32():
    half = torch.ones(2, dtype=torch.bfloat16)
    found = _in_float32(Output(half, half, half))
    assert isinstance(found, Output)
    assert {each.dtype for each in found} == {torch.float32}
    assert _in_float32("pending") == "pending"
