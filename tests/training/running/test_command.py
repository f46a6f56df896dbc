"""Models that are programs: trained, evaluated, compared and reviewed like those of vidset."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.called import vidset
from tests.datasets.numerals import entry, write_shapes, write_version
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.repository import Repository
from vidset.training.models.commands import CommandModel, read_command_model
from vidset.training.running.command.answers import read_answers_of
from vidset.training.scoring.run import read_run

PROGRAMS = Path(__file__).with_name("programs")


def write_model(folder: Path, name: str, kind: str, **more: object) -> Path:
    """Write a program's file and its TOML file. Returns the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(PROGRAMS / f"{name}.py", folder)
    said = {"name": name, "task": kind, "command": [sys.executable, f"{name}.py"]}
    said |= {"files": [f"{name}.py"], **more}
    lines = (f"{key} = {json.dumps(value)}\n" for key, value in said.items())
    (folder / "model.toml").write_text("".join(lines))
    return folder / "model.toml"


def script(folder: Path, text: str) -> Path:
    """Write a model whose program is a few lines of Python."""
    model = write_model(folder, "means", "classification")
    (folder / "means.py").write_text(
        "import json, os, sys\nfrom pathlib import Path\n"
        f"request = json.loads(Path(sys.argv[1]).read_text())\n{text}\n"
    )
    return model


def write_shades(repository: Repository, counts: dict[str, int], seed: int = 0) -> str:
    """Write a version of dark and light blocks, as many of each in each split. Returns its id."""
    random = np.random.default_rng(seed)
    entries = []
    for split, count in counts.items():
        for number in range(2 * count):
            label, first = (("a/b", 0), ("light", 150))[number % 2]
            picture = random.integers(first, first + 100, (32, 32, 3), dtype=np.uint8)
            entries.append(entry(repository, picture, f"{split}/{number}.png", split, label))
    return write_version(repository, entries)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A place with the version v0 of shades, three runs of a program on it, and its TOML file."""
    root = tmp_path_factory.mktemp("place")
    repository = Repository(root / "datasets")
    counts = {"train": 12, "validation": 6, "test": 3}
    repository.name_version("v0", write_shades(repository, counts))
    model = write_model(root / "means", "means", "classification")
    done = vidset(
        *("train", "v0", "-p", root, "--model", model, "--seeds", "1-3", "--epochs", 4),
        *("--splits", "validation,test", "--json"),
    )
    assert done.code == 0, done.err
    return root, model, done.found


def test_a_program_is_trained_as_a_run(place):
    root, model, found = place
    assert found["model"] == "means"
    for run in found["runs"]:
        assert run["recipe_hash"] == read_command_model(model).recipe_hash
        assert run["scored_epochs"] == 1
        assert run["best"]["validation"]["accuracy"] == 1
        assert 0 < run["best"]["test"]["loss"] < 2
    run = read_run(root / "runs" / "v0-means-1")
    assert run.predictions("test", 1).num_rows == 6
    assert sorted(path.name for path in run.folder.iterdir()) == [
        *(".lock", "history.jsonl", "model", "predictions", "program.log", "run.json", "weights"),
    ]
    assert (run.folder / "program.log").read_text() == "trained on 24\n"
    again = vidset("train", "v0", "-p", root, "--model", model, "--epochs", 4)
    assert again.code == 2
    assert "a run with splits ['validation', 'test']" in again.err


def test_a_device_that_there_is_not_is_refused_before_a_program_runs(place, tmp_path):
    root, model, _ = place
    to = tmp_path / "run"
    done = vidset("train", "v0", "-p", root, "--model", model, "--device", "gpu", "-o", to)
    assert done.code == 2
    assert "--device: wanted cpu or cuda, got 'gpu'" in done.err
    assert not to.exists()


def test_the_same_seed_gives_the_same_predictions(place, tmp_path):
    root, model, _ = place
    where = ("-o", tmp_path / "again", "--splits", "validation,test", "--epochs", 4)
    assert vidset("train", "v0", "-p", root, "--model", model, *where).code == 0
    one, other = (read_run(each) for each in (root / "runs/v0-means-1", tmp_path / "again"))
    assert one.predictions("validation", 1).equals(other.predictions("validation", 1))
    assert one.run_id == other.run_id


def test_runs_of_a_program_are_evaluated_compared_and_reviewed(place):
    root, model, _ = place
    done = vidset("evaluate", "v0-means-1", "-p", root, "--json")
    assert done.found["results"]["validation"]["images"] == 12
    compared = vidset(
        "compare",
        "v0-means-1",
        "v0-means-2",
        "vs",
        "v0-means-3",
        "-p",
        root,
        "--allow-few",
        "--json",
    )
    assert compared.code == 0, compared.err
    assert compared.found["recipe_hash"] == read_command_model(model).recipe_hash
    asked = vidset("sql", "SELECT DISTINCT train_loss FROM epochs", "-p", root, "--json")
    assert asked.found["rows"] == [{"train_loss": None}], asked.err
    reviewed = vidset("errors", "v0-means-1", "-p", root, "--json")
    assert reviewed.code == 0, reviewed.err
    assert reviewed.found["scores"]["images"] == 12


def test_folds_ask_a_program_without_showing_it_the_labels_in_question(place, tmp_path):
    root, _, _ = place
    model = script(
        tmp_path / "blind",
        "if request['action'] == 'train':\n"
        "    assert request['validation'] is None, request\n"
        "    assert [path.name for path in Path(request['data']).iterdir()] == ['train']\n"
        "    Path(request['weights'], 'w').write_text('1')\n"
        "else:\n"
        "    lines = [{'image': name, 'probabilities': {'light': 1}}"
        " for name in os.listdir(request['images'])]\n"
        "    Path(request['predictions']).write_text('\\n'.join(map(json.dumps, lines)))\n",
    )
    done = vidset(
        *("errors", "v0", "-p", root, "--folds", 2, "--model", model, "-o", tmp_path / "out"),
        "--json",
    )
    assert done.code == 0, done.err
    assert done.found["scores"]["accuracy"] == 0.5


def test_another_version_is_asked_with_the_model_that_was_trained(place, tmp_path):
    root, model, _ = place
    repository = Repository(root / "datasets")
    other = write_shades(repository, {"validation": 3}, seed=9)
    unnamed = vidset("evaluate", "v0-means-1", "--on", other, "-p", root)
    assert unnamed.code == 2
    assert "means, which is no model that vidset knows by its name: --model says" in unnamed.err
    done = vidset("evaluate", "v0-means-1", "--on", other, "-p", root, "--model", model, "--json")
    assert done.code == 0, done.err
    assert done.found["results"]["validation"]["images"] == 6
    changed = write_model(tmp_path / "changed", "means", "classification")
    with (tmp_path / "changed" / "means.py").open("a") as file:
        file.write("# another program\n")
    refused = vidset("evaluate", "v0-means-1", "--on", other, "-p", root, "--model", changed)
    assert refused.code == 2
    assert "was trained by the recipe" in refused.err
    (root / "runs/v0-means-2/weights/means.npy").write_bytes(b"another's")
    refused = vidset("evaluate", "v0-means-2", "--on", other, "-p", root, "--model", model)
    assert "these are not the weights that training left" in refused.err


@pytest.mark.parametrize("data", ["coco", "yolo"])
def test_a_detector_of_another_library_is_trained_on_boxes(tmp_path, data):
    repository = Repository(tmp_path / "datasets")
    repository.name_version("v0", write_shapes(repository, {"train": 12, "validation": 8}))
    if data == "yolo":
        model = script(
            tmp_path / "seen",
            "settings = Path(request['data'], 'data.yaml').read_text()\n"
            "assert 'train: train/images' in settings and 'val: validation/images' in settings\n"
            "assert len(list(Path(request['train'], 'labels').iterdir())) == 12\n"
            "Path(request['weights'], 'w').write_text('1')\n"
            "if request['action'] == 'predict':\n"
            "    pass\n",
        )
        text = model.read_text().replace('"classification"', '"detection"\ndata = "yolo"')
        model.write_text(text)
        refused = vidset("train", "v0", "-p", tmp_path, "--model", model)
        assert "KeyError: 'data'" in refused.err  # It was asked to predict, after training.
        return
    model = write_model(tmp_path / "blobs", "blobs", "detection")
    done = vidset("train", "v0", "-p", tmp_path, "--model", model, "--json")
    assert done.code == 0, done.err
    assert done.found["runs"][0]["best"]["validation"]["ap50"] > 0.7
    evaluated = vidset("evaluate", "-p", tmp_path, "--json")
    assert evaluated.found["results"]["validation"]["ap50"] > 0.7
    reviewed = vidset("errors", "-p", tmp_path, "--json")
    assert reviewed.code == 0, reviewed.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("sys.exit('no memory')", "exit code 1. .*\n  no memory", id="fails"),
        pytest.param("", "has left no file in .*weights: wanted weights there", id="no weights"),
        pytest.param(
            "Path(request['weights'], 'w').write_text('1')",
            "predictions.jsonl: wanted the predictions of the model's program: No such file",
            id="no predictions",
        ),
        pytest.param(
            "Path(request['weights'], 'w').write_text('1')\n"
            "if request['action'] == 'predict':\n"
            "    Path(request['predictions']).write_text('{\"image\": \"other.png\"}')",
            r"predictions.jsonl:1: image: wanted one of those to predict, got 'other.png'",
            id="another image",
        ),
    ],
)
def test_a_program_that_breaks_the_contract_is_told(place, tmp_path, text, said):
    root, _, _ = place
    model = script(tmp_path / "model", text)
    done = vidset("train", "v0", "-p", root, "--model", model, "-o", tmp_path / "run")
    assert done.code == 2
    assert re.search(said, done.err), done.err
    assert not list((tmp_path / "run").glob(".work-*"))


def test_a_container_gets_the_run_alone_and_no_network(place, tmp_path, monkeypatch):
    """A program that stands for docker shows what would run: no container runs here."""
    root, _, _ = place
    (tmp_path / "docker").write_text('#!/bin/sh\necho "$@"\nexit 125\n')
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    image = f"example.com/means@sha256:{'a' * 64}"
    model = write_model(
        tmp_path / "m", "means", "classification", image=image, command=["python", "means.py"]
    )
    done = vidset("train", "v0", "-p", root, "--model", model, "-o", tmp_path / "run")
    assert "exit code 125" in done.err
    words = (tmp_path / "run" / "program.log").read_text().split()
    assert words[:5] == ["run", "--rm", "--init", "--network", "none"]
    assert f"type=bind,source={tmp_path / 'run'},target=/vidset" in words
    at = words.index(image)
    assert words[at - 2 : at] == ["--workdir", "/vidset/model"]
    assert [words[place + 1] for place, word in enumerate(words) if word == "--env"] == [
        *("OMP_NUM_THREADS=1", "MKL_NUM_THREADS=1", "PYTHONHASHSEED=1"),
    ]
    assert words[at + 1 : at + 3] == ["python", "means.py"]
    assert words[-1].startswith("/vidset/.work-")
    assert words[-1].endswith("/train.json")
    refused = vidset("train", "v0", "-p", root, "--model", model, "-o", tmp_path / "a,b")
    assert "wanted a run's folder without comma" in refused.err


def test_nothing_but_the_listed_files_stands_beside_the_program(place, tmp_path):
    root, _, _ = place
    model = script(tmp_path / "model", "import stray")
    run = tmp_path / "run"
    assert (
        "No module named 'stray'"
        in vidset(*("train", "v0", "-p", root, "--model", model, "-o", run)).err
    )
    (run / "model" / "stray.py").write_text("raise SystemExit('the stray one ran')")
    (run / ".work-killed").mkdir()
    again = vidset("train", "v0", "-p", root, "--model", model, "-o", run)
    assert "No module named 'stray'" in again.err
    assert sorted(path.name for path in (run / "model").iterdir()) == ["means.py", "model.toml"]
    assert not (run / ".work-killed").exists()


def test_a_number_that_no_float_can_say_is_refused_with_its_line(place, tmp_path):
    root, _, _ = place
    [asked, *_] = Repository(root / "datasets").manifest("v0").split("test")
    (tmp_path / "found.jsonl").write_text(
        json.dumps({"image": "a.png", "probabilities": {"light": 10**400}})
    )
    model = CommandModel("m", "classification", tmp_path, "folders", ("x",), {})
    found, named = tmp_path / "found.jsonl", {"a.png": asked}
    with pytest.raises(DatasetError, match=r"found.jsonl:1: probabilities: light: wanted a number"):
        read_answers_of(found, named, ["light"], model, tmp_path)
