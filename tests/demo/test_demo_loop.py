import json
import sys
from pathlib import Path

import pytest

from tests.programs.started import preloaded
from vidset.cli.demo.loop import run_loop
from vidset.demo import loop
from vidset.demo.loop import draw_faulty
from vidset.demo.numerals import NUMERALS


def test_drawn_faults_are_what_is_said_of_them(tmp_path):
    truth = draw_faulty(tmp_path)
    wrong = [name for name, label in truth.items() if label not in (None, Path(name).parts[1])]
    scribbles = [name for name, label in truth.items() if label is None]
    leaks = list(tmp_path.glob("validation/*/again-*.png"))
    assert (len(wrong), len(scribbles), len(leaks)) == (60, 15, 8)
    training = {path.read_bytes() for path in tmp_path.glob("train/*/*.png")}
    assert all(leak.read_bytes() in training for leak in leaks)
    assert set(truth) == {
        path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("train/*/*.png")
    }
    assert len(truth) == 48 * len(NUMERALS) + 15


def test_the_same_images_are_drawn_each_time(tmp_path):
    for name in "one", "two":
        draw_faulty(tmp_path / name)
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*.png")}
        for name in ("one", "two")
    )
    assert one == two


@pytest.mark.slow
def test_the_loop_goes_around(tmp_path, monkeypatch, capsys):
    pytest.importorskip("torch", reason="PyTorch is not installed: make test gets it")
    monkeypatch.setattr(sys, "executable", str(preloaded().python))
    # So little that it is quick; the model learns nothing then.
    sizes = {"_TRAIN": 6, "_VALIDATION": 3, "_LABEL_BOOK": 1, "_FOLDS": 2, "_FOLD_EPOCHS": 1}
    faults = {"_WRONG_LABELS": 8, "_SCRIBBLES": 3, "_LEAKS": 2}
    for name, value in (
        sizes | faults | {"_EPOCHS_BEFORE": 1, "_EPOCHS_AFTER": 1, "_FLOOR": 0, "_SEEDS": (1,)}
    ).items():
        monkeypatch.setattr(loop, name, value)
    assert run_loop(str(tmp_path / "out"), as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert [command.split()[1] for command in told["commands"]] == [
        *("dataset", "dataset", "train", "errors", "review", "dataset"),
        *("dataset", "dataset", "train", "evaluate", "compare"),
    ]
    decisions = json.loads((tmp_path / "out" / "errors" / "decisions.json").read_text())["fixes"]
    assert {fix["action"] for fix in decisions} >= {"relabel", "remove"}
    assert (tmp_path / "out" / "errors" / "index.html").exists()
