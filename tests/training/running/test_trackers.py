"""Trackers are told all of a run, once: the real ones, in an environment without PyTorch."""

import json
from pathlib import Path

import pytest

from tests.datasets.numerals import write_numerals
from tests.training.running.asked_trackers import ask, tell, tell_and_ask
from tests.training.runs import COUNTS, LABELS, Recorded, train
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.repository import Repository
from vidset.training.running.trackers.registry import open_tracker

RUN = {
    "run_id": "0123456789abcdef0123456789abcdef",
    "model": "resnet50-c2-32",
    "recipe_hash": "7" * 64,
    "version": "5" * 32,
    "reference": "v0",
    "transforms": [{"step": "median"}],
    "seed": 1,
    "epochs": 2,
    "best_epoch": 2,
}
HISTORY = [
    {
        "epoch": epoch,
        "train_loss": 2.0 / epoch,
        "seconds": 1.5,
        "scores": {"validation": {"accuracy": 0.25 * epoch, "loss": None}},
    }
    for epoch in (1, 2)
]


@pytest.fixture
def folder(tmp_path) -> Path:
    """As a run leaves it."""
    made = tmp_path / "run"
    made.mkdir()
    (made / "run.json").write_text(json.dumps(RUN))
    (made / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in HISTORY))
    return made


@pytest.mark.slow
def test_mlflow_has_the_run_once_however_often_it_is_told(folder):
    tell("mlflow", folder)
    [run] = tell_and_ask("mlflow", folder)
    assert run["run_id"] == RUN["run_id"]
    assert run["status"] == "FINISHED"
    assert run["best_epoch"] == "2"
    assert run["parameters"] == {
        "model": "resnet50-c2-32",
        "recipe_hash": "7" * 64,
        "version": "5" * 32,
        "reference": "v0",
        "transforms": '[{"step": "median"}]',
        "seed": "1",
        "epochs": "2",
    }
    assert run["metrics"] == {
        "train/loss": [[1, 2.0], [2, 1.0]],
        "train/seconds": [[1, 1.5], [2, 1.5]],
        "validation/accuracy": [[1, 0.25], [2, 0.5]],
    }
    assert run["files"] == ["history.jsonl", "run.json"]


@pytest.mark.slow
def test_mlflow_is_told_the_rest_of_a_run_that_goes_on(folder):
    whole = (folder / "history.jsonl").read_text()
    (folder / "history.jsonl").write_text(whole.splitlines()[0] + "\n")
    tell("mlflow", folder)
    (folder / "history.jsonl").write_text(whole)
    [run] = tell_and_ask("mlflow", folder)
    assert run["metrics"]["validation/accuracy"] == [[1, 0.25], [2, 0.5]]


@pytest.mark.slow
def test_wandb_has_the_run_offline_under_our_id(folder):
    tell("wandb", folder)
    [run] = ask("wandb", folder)
    assert run["run_id"] == RUN["run_id"]
    assert {name: run["parameters"][name] for name in ("model", "seed", "version")} == {
        "model": "resnet50-c2-32",
        "seed": 1,
        "version": "5" * 32,
    }
    told = [
        (line["_step"], line["train/loss"], line["validation/accuracy"]) for line in run["history"]
    ]
    assert told == [(1, 2.0, 0.25), (2, 1.0, 0.5)]
    assert run["summary"]["best_epoch"] == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("mlflow", "--track mlflow: this needs pip install mlflow-skinny", id="mlflow"),
        pytest.param("wandb", "--track wandb: this needs pip install wandb", id="wandb"),
        pytest.param(
            "neptune", "no tracker 'neptune'; there are: none, mlflow, wandb", id="unknown"
        ),
    ],
)
def test_tracker_that_is_not_there_is_refused_before_training(tmp_path, name, said):
    repository = Repository(tmp_path / "datasets")
    version = write_numerals(repository, COUNTS, labels=LABELS)
    with pytest.raises(DatasetError, match=said):
        train(repository, version, tmp_path / "run", track=name)
    assert not (tmp_path / "run").exists()


def test_open_tracker_gives_none_for_none():
    assert open_tracker("none") is None


def test_training_tells_a_plug_in_each_epoch(tmp_path, monkeypatch):
    """A package with an entry point of the group vidset.trackers, as pip would install it."""
    (tmp_path / "diary.py").write_text(DIARY)
    info = tmp_path / "diary-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: diary\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[vidset.trackers]\ndiary = diary:Diary\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    repository = Repository(tmp_path / "datasets")
    version = write_numerals(repository, COUNTS, labels=LABELS)
    progress = Recorded()
    run = train(repository, version, tmp_path / "run", track="diary", epochs=2, progress=progress)
    lines = [json.loads(line) for line in (tmp_path / "run/diary.jsonl").read_text().splitlines()]
    assert lines == [
        ["start", run["run_id"]],
        ["log", 1],
        ["log", 2],
        ["finish", run["best_epoch"]],
    ]


DIARY = """
import json


class Diary:
    def start(self, run, folder):
        self._path = folder / "diary.jsonl"
        self._write("start", run["run_id"])

    def log(self, line):
        self._write("log", line["epoch"])

    def finish(self, run):
        self._write("finish", run["best_epoch"])

    def _write(self, *what):
        with self._path.open("a") as file:
            file.write(json.dumps(what) + "\\n")
"""
