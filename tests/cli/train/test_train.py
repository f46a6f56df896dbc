"""`vidset train` as a person runs it."""

import json
import signal
import subprocess
import time
from dataclasses import replace

import pytest
import torch

from tests.datasets.numerals import numerals, write_version
from tests.programs.started import Started, run
from vidset.datasets.versions.repository import Repository


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder with datasets: `drawn`, `leaky` and `faulty`."""
    root = tmp_path_factory.mktemp("root")
    (root / "vidset.toml").write_text("")
    repository = Repository(root / "datasets")
    entries = list(numerals(repository, {"train": 4, "validation": 2}, ("i", "x"), seed=0))
    repository.name_version("drawn", write_version(repository, entries))
    leaky = {"leaks": ["a.png (train) and b.png (validation): exact"]}
    repository.name_version("leaky", write_version(repository, entries[1:], leaky))
    faulty = [replace(entries[0], label=None), *entries[1:]]
    repository.name_version("faulty", write_version(repository, faulty))
    return root


def vidset(root, *arguments: str) -> subprocess.CompletedProcess:
    return run(arguments, cwd=root)


@pytest.mark.slow
def test_train_prints_one_json_object(root):
    done = vidset(root, "train", "drawn", "-o", "runs/json", "--epochs", "2", "--json")
    assert done.returncode == 0, done.stderr
    [said] = json.loads(done.stdout)["runs"]
    assert done.stderr == ""
    assert (said["state"], said["epochs"], said["classes"]) == ("done", 2, ["i", "x"])
    assert said["splits"] == ["validation"]
    lines = (root / "runs/json/history.jsonl").read_text().splitlines()
    scores = [json.loads(line)["scores"]["validation"] for line in lines]
    assert said["best"]["validation"] == scores[said["best_epoch"] - 1]
    accuracies = [each["accuracy"] for each in scores]
    mean = said["last_five_mean"]["validation"]["accuracy"]
    assert mean == pytest.approx(sum(accuracies) / 2)


@pytest.mark.slow
def test_train_says_the_best_epoch_and_the_mean_of_the_last(root):
    arguments = ("train", "drawn", "-o", "runs/said", "--epochs", "2", "--seeds", "2")
    done = vidset(root, *arguments)
    assert done.returncode == 0, done.stderr
    assert "resnet50-c2-32 on drawn, seed 2: 8 images, 2 classes, 2 epochs" in done.stdout
    assert "mean of the last 2" in done.stdout
    assert done.stderr.splitlines()[0].startswith("epoch 1: loss ")
    quiet = vidset(root, *arguments, "--quiet")
    assert (quiet.returncode, quiet.stdout) == (0, "")
    other = vidset(root, "train", "drawn", "-o", "runs/said", "--epochs", "3", "--seeds", "2")
    assert other.returncode == 2
    assert "holds a run with epochs 2, asked for 3" in other.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(("leaky",), 1, "a.png (train) and b.png (validation): exact", id="leaks"),
        pytest.param(("faulty",), 1, "train/i/0.png (train): has no class", id="faults"),
        pytest.param(("gone",), 2, "has no version 'gone'; it has: drawn", id="version"),
        pytest.param(("drawn", "--cap", "11"), 2, "12 images for training", id="cap"),
        pytest.param(("drawn", "--model", "vgg"), 2, "unknown model 'vgg'", id="model"),
        pytest.param(("drawn", "--splits", "holdout"), 2, "no split 'holdout'", id="split"),
        pytest.param(("drawn", "--epochs", "0"), 2, "'--epochs': wanted 1 or more", id="epochs"),
        pytest.param(("drawn", "--track", "x"), 2, "no tracker 'x'", id="tracker"),
        pytest.param(("drawn", "--device", "gpu"), 2, "cpu or cuda, got 'gpu'", id="device"),
        pytest.param(
            ("drawn", "--device", "cuda"),
            2,
            "PyTorch finds no CUDA device here",
            id="cuda",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is here"),
        ),
    ],
)
def test_train_refuses_before_any_work(root, arguments, code, said):
    done = vidset(root, "train", *arguments, "-o", "runs/none")
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert done.stdout == ""
    assert not (root / "runs/none").exists()


@pytest.mark.slow
def test_train_takes_a_leaky_version_if_told_to(root):
    done = vidset(root, "train", "leaky", "-o", "runs/leaky", "--epochs", "1", "--allow-leaks")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_ctrl_c_says_that_the_same_command_goes_on_with_the_run(root):
    stopped, log = root / "runs" / "stopped", root / "stopped.log"
    words = ("train", "drawn", "-o", "runs/stopped", "--epochs", "100000")
    with log.open("wb") as said:
        process = Started(words, said, said, folder=root)
    while not (stopped / "history.jsonl").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(600) == 130
    last = log.read_text().splitlines()[-1]
    assert last == "vidset: stopped. The same command goes on with runs/stopped."
