"""Models that other packages bring as Python objects."""

import hashlib
import sys

import pytest

from vidset.datasets.errors import DatasetError
from vidset.training.models.registry import MODELS, find_model
from vidset.training.running.of_run import model_of

TOY = """
from vidset.training.models.registry import FixedModel
from vidset.training.models.recipes import RESNET50_C2_32

MODEL = FixedModel(
    "toy-net", "classification", {**RESNET50_C2_32, "batch_size": 4}, "toy_learner_module"
)
TAKEN = FixedModel("resnet50-c2-32", "classification", {}, "toy_learner_module")
LOST = FixedModel("lost", "classification", {}, "toy_lost.learner")
NOTHING = 3
"""
LEARNER = "from vidset.training.models.classification import open_learner\n"


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A package with a model, installed with an entry point. Returns its folder."""
    (tmp_path / "toy_models_module.py").write_text(TOY)
    (tmp_path / "toy_learner_module.py").write_text(LEARNER)
    installed = tmp_path / "toy-1.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1\n")
    (installed / "entry_points.txt").write_text(
        "[vidset.models]\ntoy-net = toy_models_module:MODEL\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_model_is_found_by_its_module_and_by_its_entry_point(toy):
    found = find_model("toy_models_module:MODEL")
    assert found.name == "toy-net"
    assert found == find_model("toy-net")
    code = hashlib.sha256(LEARNER.encode()).hexdigest()
    assert found.recipe["code"] == {"toy_learner_module": code}
    assert found.recipe["batch_size"] == 4


def test_another_code_of_the_learner_is_another_recipe(toy):
    before = find_model("toy-net").recipe_hash
    (toy / "toy_learner_module.py").write_text(LEARNER + "# changed\n")
    assert find_model("toy-net").recipe_hash != before


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        pytest.param("toy_models_module:GONE", "has no 'GONE'", id="no object"),
        pytest.param("..toy:MODEL", "wanted package.module:name", id="relative"),
        pytest.param(":MODEL", "wanted package.module:name", id="no name of a module"),
        pytest.param("toy_models_module:LOST", "toy_lost.learner has no file", id="no learner"),
        pytest.param("toy_gone:MODEL", "No module named 'toy_gone'; install its", id="no module"),
        pytest.param(
            "toy_models_module:NOTHING", "wanted a FixedModel or .* got int", id="no model"
        ),
        pytest.param("toy_models_module:TAKEN", "is a model of vidset's own", id="taken"),
        pytest.param("toy-nett", "unknown model 'toy-nett'. Did you mean 'toy-net'", id="unknown"),
        pytest.param("gone/model.toml", "gone/model.toml: wanted a model's TOML", id="no file"),
    ],
)
def test_what_is_no_model_is_refused(toy, reference, said):
    with pytest.raises(DatasetError, match=said):
        find_model(reference)


def test_a_plugged_model_is_trained_and_asked(toy, tmp_path):
    from tests.datasets.numerals import write_numerals
    from tests.training.runs import train
    from vidset.datasets.versions.repository import Repository
    from vidset.training.running.predict import predict

    repository = Repository(tmp_path / "datasets")
    version = write_numerals(repository, {"train": 2, "validation": 1}, labels=("ii", "v"))
    run = train(
        repository,
        version,
        tmp_path / "run",
        model="toy_models_module:MODEL",
        epochs=1,
        splits=("validation",),
    )
    assert run["model"] == "toy-net"
    assert run["recipe_hash"] == find_model("toy-net").recipe_hash
    assert predict(tmp_path / "run", repository, version, "validation").num_rows == 2


def test_built_in_models_need_no_package():
    assert all(find_model(name).name == name for name in MODELS)


@pytest.mark.parametrize("name", ["toy_planted:MODEL", "gone.toml", ["toy-net"]])
def test_what_a_run_says_imports_nothing(toy, name):
    (toy / "toy_planted.py").write_text(TOY)
    with pytest.raises(DatasetError, match="knows by its name"):
        model_of(toy, {"model": name, "recipe_hash": ""})
    assert "toy_planted" not in sys.modules
