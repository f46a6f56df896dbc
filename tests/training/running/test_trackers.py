"""Trackers are told all of a run, once: the real ones, in an environment without PyTorch."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.datasets.numerals import write_numerals
from tests.emulators.environments import python_for_test
from tests.paths import ROOT
from tests.training.runs import COUNTS, LABELS, Recorded, train
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.repository import Repository
from vidset.training.running.trackers.records import write_records
from vidset.training.running.trackers.registry import open_tracker

REQUIREMENTS = Path(__file__).with_name("trackers-requirements.txt")
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


def tell(tracker: str, folder: Path) -> None:
    run_own("tell", tracker, folder)


def ask(tracker: str, folder: Path) -> list[dict]:
    """The runs that the tracker has: asked by another process, W&B ends writing with its own."""
    return json.loads(run_own("ask", tracker, folder).splitlines()[-1])


def run_own(what: str, tracker: str, folder: Path) -> str:
    """tell_tracker.py in the trackers' environment; what it prints."""
    python = python_for_test("trackers", REQUIREMENTS, 600, is_complete=True)
    own = {
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder.parent),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MLFLOW_", "WANDB_"))
    }
    module = "tests.training.running.tell_tracker"
    ended = subprocess.run(
        (str(python), "-m", module, what, tracker, str(folder)),
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
        cwd=folder.parent,
        env=kept | own,
    )
    assert ended.returncode == 0, ended.stderr[-4000:]
    return ended.stdout


@pytest.mark.slow
def test_mlflow_has_the_run_once_however_often_it_is_told(folder):
    tell("mlflow", folder)
    tell("mlflow", folder)
    [run] = ask("mlflow", folder)
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
    tell("mlflow", folder)
    [run] = ask("mlflow", folder)
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


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A run of two epochs with its records."""
    place = tmp_path_factory.mktemp("trained")
    repository = Repository(place / "datasets")
    version = write_numerals(repository, COUNTS, labels=LABELS)
    train(repository, version, place / "run", epochs=2)
    write_records(place / "run", repository)
    return place / "run"


def told(trained: Path) -> tuple[dict, dict]:
    """run.json, and the records of the split validation."""
    records = json.loads((trained / "records" / "records.json").read_text())
    return json.loads((trained / "run.json").read_text()), records["splits"]["validation"]


def test_records_have_truth_predictions_and_the_split_of_every_image(trained):
    run, validation = told(trained)
    images = len(LABELS) * COUNTS["validation"]
    assert len(validation["images"]) == images
    right = [each for each in validation["images"] if each["truth"] == each["prediction"]]
    assert [each for each in validation["images"] if each["right"]] == right
    assert len(right) == validation["result"]["right"]
    assert all((trained / "records" / each["file"]).is_file() for each in validation["images"])
    lines = (trained / "records" / "split.csv").read_text().splitlines()
    assert lines[0] == "image_sha256,image_uri,split,label,group,source"
    assert len(lines) == 1 + len(LABELS) * sum(COUNTS.values())
    assert (
        run["version"]
        == json.loads((trained / "records/records.json").read_text())["version"]["id"]
    )


@pytest.mark.slow
def test_mlflow_has_the_version_the_tables_and_the_checkpoint(trained):
    tell("mlflow", trained)
    [run] = ask("mlflow", trained)
    details, validation = told(trained)
    assert run["inputs"] == [
        [
            f"version-{details['version'][:12]}",
            details["version"],
            {"version": details["version"], "parents": []},
        ]
    ]
    assert {"checkpoints", "version", "validation"} <= set(run["files"])
    assert {"path": "validation/images.json", "type": "table"} in run["tables"]
    best = run["metrics"]["best/validation/score"]
    assert best == [[details["best_epoch"], validation["result"]["score"]]]
    images = run["read"]["validation/images.json"]
    assert images["columns"] == ["image", "image_uri", "truth", "prediction", "right"]
    assert [row[1:3] for row in images["data"]] == [
        [each["image_uri"], each["truth"]] for each in validation["images"]
    ]
    cells = run["read"]["validation/confusion.json"]["data"]
    matrix = validation["result"]["confusion"]["matrix"]
    assert [number for _, _, number in cells] == [number for line in matrix for number in line]
    assert [row[0] for row in run["read"]["validation/labels.json"]["data"]] == sorted(LABELS)


@pytest.mark.slow
def test_wandb_has_the_version_the_tables_and_the_checkpoint_offline(trained):
    tell("wandb", trained)
    [run] = ask("wandb", trained)
    details, validation = told(trained)
    by_type = {kind: rest for kind, *rest in run["artifacts"] if kind in ("dataset", "model")}
    name, metadata, files = by_type["dataset"]
    assert name == f"version-{details['version'][:12]}"
    assert (metadata["id"], files) == (details["version"], ["split.csv"])
    name, metadata, files = by_type["model"]
    assert metadata == {"run_id": details["run_id"], "version": details["version"]}
    assert files == ["best.pt"]
    assert run["summary"]["best/validation/score"] == validation["result"]["score"]
    images = run["tables"]["validation/images"]
    assert images["columns"] == ["image", "image_uri", "truth", "prediction", "right"]
    assert [row[1:] for row in images["data"]] == [
        [each["image_uri"], each["truth"], each["prediction"], each["right"]]
        for each in validation["images"]
    ]
    # Offline the table's own file has a word in the place of each image; the files are beside it.
    pictures = {
        path
        for kind, name, _, files in run["artifacts"]
        if kind == "run_table" and "validationimages" in name
        for path in files
        if path.endswith(".png")
    }
    assert len(pictures) == len(validation["images"])
    cells = run["tables"]["validation/confusion"]["data"]
    assert sum(number for _, _, number in cells) == len(validation["images"])


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
