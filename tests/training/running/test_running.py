"""A run's folder, and that a run is the same whenever it is made."""

import json

import pyarrow.parquet as pq
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.datasets.numerals import write_numerals
from tests.training.runs import COUNTS, LABELS, Recorded, are_equal, train, weights
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.evaluation_id import evaluation_id
from vidset.datasets.versions.repository import Repository
from vidset.training.models.registry import fixed_model
from vidset.training.scoring.predictions import SCHEMA

TRANSFORMS = [{"step": "median_filter", "size": 3}]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A repository, the id of its version, and the folder of a run of eight epochs."""
    root = tmp_path_factory.mktemp("made")
    repository = Repository(root / "datasets")
    details = {"transforms": TRANSFORMS}
    version = write_numerals(repository, COUNTS, labels=LABELS, details=details)
    repository.name_version("drawn", version)
    train(repository, "drawn", root / "run", epochs=8)
    return repository, version, root / "run"


def history(folder) -> list[dict]:
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


def test_run_says_what_was_trained_on_what(made):
    repository, version, folder = made
    run = json.loads((folder / "run.json").read_text())
    manifest = repository.manifest(version)
    model = fixed_model("resnet50-c2-32")
    assert run["model"] == "resnet50-c2-32"
    assert run["recipe_hash"] == model.recipe_hash
    assert run["recipe"] == model.recipe
    assert (run["version"], run["reference"]) == (version, "drawn")
    assert run["transforms"] == TRANSFORMS
    assert run["classes"] == ["ii", "v", "x"]
    assert (run["seed"], run["epochs"], run["threads"], run["device"]) == (1, 8, 1, "cpu")
    assert run["splits"] == ["validation", "label_book"]
    assert run["evaluation_ids"] == {
        "validation": evaluation_id(manifest.split("validation")),
        "label_book": evaluation_id(manifest.split("label_book")),
    }
    assert run["train_images"] == 21
    assert run["state"] == "done"
    assert run["versions"]["torch"] == torch.__version__


def test_history_has_a_line_an_epoch_and_the_best_is_the_first_of_equals(made):
    _, _, folder = made
    lines = history(folder)
    assert [line["epoch"] for line in lines] == list(range(1, 9))
    accuracies = [line["scores"]["validation"]["accuracy"] for line in lines]
    best = json.loads((folder / "run.json").read_text())["best_epoch"]
    assert best == accuracies.index(max(accuracies)) + 1
    assert lines[-1]["train_loss"] < lines[0]["train_loss"]
    for line in lines:
        assert line["scores"]["label_book"]["loss"] > 0
        assert line["cpu_seconds"] > 0
        assert line["evaluation_cpu_seconds"] > 0


def test_predictions_are_kept_of_the_best_and_the_last_five_epochs(made):
    _, _, folder = made
    best = json.loads((folder / "run.json").read_text())["best_epoch"]
    for split in ("validation", "label_book"):
        kept = sorted(path.name for path in (folder / "predictions" / split).iterdir())
        assert kept == [f"epoch-{n:04d}.parquet" for n in sorted({best, 4, 5, 6, 7, 8})]


def test_predictions_are_what_the_scores_were_counted_from(made):
    repository, version, folder = made
    table = pq.read_table(folder / "predictions/validation/epoch-0008.parquet")
    assert table.schema.equals(SCHEMA)
    rows = table.to_pylist()
    entries = list(repository.manifest(version).split("validation"))
    assert [row["image_sha256"] for row in rows] == [entry.image_sha256 for entry in entries]
    assert [row["truth"] for row in rows] == [entry.label for entry in entries]
    for row in rows:
        assert sum(row["probabilities"]) == pytest.approx(1, abs=1e-5)
        surest = max(range(3), key=row["probabilities"].__getitem__)
        assert row["predicted"] == ["ii", "v", "x"][surest]
    right = sum(row["truth"] == row["predicted"] for row in rows) / len(rows)
    assert history(folder)[7]["scores"]["validation"]["accuracy"] == pytest.approx(right)


def test_checkpoints_say_what_they_are_of(made):
    _, version, folder = made
    run = json.loads((folder / "run.json").read_text())
    for name, epoch in (("best", run["best_epoch"]), ("last", 8)):
        state = torch.load(folder / f"checkpoints/{name}.pt", weights_only=True)
        assert state["classes"] == ["ii", "v", "x"]
        assert state["recipe_hash"] == fixed_model("resnet50-c2-32").recipe_hash
        assert state["transforms"] == TRANSFORMS
        assert state["version"] == version
        assert state["epoch"] == epoch


def test_tensorboard_reads_the_logs(made):
    _, _, folder = made
    board = EventAccumulator(str(folder / "tensorboard")).Reload()
    assert "label_book/accuracy" in board.Tags()["scalars"]
    shown = [(each.step, each.value) for each in board.Scalars("validation/accuracy")]
    lines = history(folder)
    assert [step for step, _ in shown] == list(range(1, 9))
    assert [value for _, value in shown] == pytest.approx(
        [line["scores"]["validation"]["accuracy"] for line in lines]
    )


def test_run_is_the_same_bit_for_bit_when_made_again(made, tmp_path):
    repository, version, folder = made
    run = train(repository, version, tmp_path / "again", epochs=8)
    assert are_equal(weights(folder), weights(tmp_path / "again"))
    assert are_equal(weights(folder, "best"), weights(tmp_path / "again", "best"))
    assert run["run_id"] == json.loads((folder / "run.json").read_text())["run_id"]


def test_run_with_another_seed_is_another(made, tmp_path):
    repository, version, folder = made
    run = train(repository, version, tmp_path / "other", epochs=8, seed=2)
    assert not are_equal(weights(folder), weights(tmp_path / "other"))
    assert run["run_id"] != json.loads((folder / "run.json").read_text())["run_id"]


def test_run_that_is_done_stays_as_it_is(made):
    repository, _, folder = made
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    progress = Recorded()
    run = train(repository, "drawn", folder, epochs=8, progress=progress)
    assert run["state"] == "done"
    assert progress.lines == []
    assert progress.notes == [f"{folder}: this run was done before, and stays as it is"]
    del before[folder / ".lock"]
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param({"seed": 2}, "a run with seed 1, asked for 2", id="seed"),
        pytest.param({"epochs": 9}, "a run with epochs 8, asked for 9", id="epochs"),
        pytest.param(
            {"splits": ("validation",)},
            r"a run with splits \['validation', 'label_book'\], asked for \['validation'\]",
            id="splits",
        ),
        pytest.param({"threads": 2}, "a run with threads 1, asked for 2", id="threads"),
    ],
)
def test_run_with_other_settings_is_refused(made, options, said):
    repository, _, folder = made
    with pytest.raises(DatasetError, match=said):
        train(repository, "drawn", folder, **({"epochs": 8} | options))


def test_run_on_another_version_is_refused(made, tmp_path):
    repository, version, folder = made
    other = write_numerals(repository, COUNTS, labels=LABELS, seed=1)
    with pytest.raises(DatasetError, match=f"version '{version}', asked for '{other}'"):
        train(repository, other, folder, epochs=8)


def test_run_goes_into_no_folder_that_holds_something_else(made, tmp_path):
    repository, version, _ = made
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(DatasetError, match=r"wanted a training run or nothing, got letter\.txt"):
        train(repository, version, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_two_processes_do_not_train_into_one_folder(made, tmp_path):
    from vidset.training.running.folder import RunFolder

    repository, version, _ = made
    with RunFolder(tmp_path).locked(), pytest.raises(DatasetError, match="another process"):
        train(repository, version, tmp_path)


@pytest.mark.parametrize(
    ("device", "said"),
    [
        pytest.param("gpu", "wanted cpu or cuda, got 'gpu'", id="unknown"),
        pytest.param(
            "cuda",
            "finds no CUDA device",
            id="absent",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is here"),
        ),
    ],
)
def test_device_that_is_not_there_is_refused_before_any_work(made, tmp_path, device, said):
    repository, version, _ = made
    with pytest.raises(DatasetError, match=said):
        train(repository, version, tmp_path / "run", device=device)
    assert not (tmp_path / "run").exists()
