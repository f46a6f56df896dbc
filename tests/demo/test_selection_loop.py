"""The demo that goes around the loop of selection, with drives and a training that are small."""

import json
import sys
from dataclasses import asdict

import pytest

from tests.cli.labels import label
from tests.programs.started import preloaded
from tests.programs.workers import ready_workers
from vidset.demo.drives import draw_drives


def test_the_same_drives_are_drawn_each_time_and_the_last_repeats_the_first():
    drives = draw_drives(4)
    assert drives == draw_drives(4)
    assert list(drives) == ["drive-1.mp4", "drive-2.mp4", "drive-3.mp4", "drive-1-again.mp4"]
    first, again = drives["drive-1.mp4"], drives["drive-1-again.mp4"]
    assert first.fps != again.fps
    for second in range(14):
        one, other = first.objects_at(second), again.objects_at(second)
        assert [each.label for each in one] == [each.label for each in other]
        for ours, theirs in zip(one, other, strict=True):
            assert asdict(ours.box) == pytest.approx(asdict(theirs.box), abs=2)


def test_a_folder_that_holds_something_is_refused_and_stays(tmp_path):
    from vidset.demo.selection_loop import go_around

    (tmp_path / "labels.sqlite").write_text("somebody's")
    with pytest.raises(ValueError, match="wanted an empty folder"):
        go_around(str(tmp_path), Silent())
    assert [path.name for path in tmp_path.iterdir()] == ["labels.sqlite"]


class Silent:
    def tell(self, text):
        pass

    def begins(self, what, command):
        pass

    def ended(self, lines):
        pass


@pytest.mark.slow
def test_the_loop_goes_around_once(tmp_path, monkeypatch, capsys):
    pytest.importorskip("torch", reason="PyTorch is not installed: make test gets it")
    from vidset.cli.demo.selection_loop import run_selection_loop
    from vidset.demo import drives, selection_loop

    monkeypatch.setattr(sys, "executable", str(preloaded().python))
    # So little that it is quick; the model learns nothing then.
    for module, name, value in (
        (drives, "_SECONDS", 6.0),
        (drives, "_STOP", (2.0, 4.0)),
        (selection_loop, "_DRIVES", 5),
        (selection_loop, "_BUDGET", 6),
        (selection_loop, "_EPOCHS", 1),
    ):
        monkeypatch.setattr(module, name, value)
    # Nothing of the user's: no task of the demo goes anywhere else.
    monkeypatch.setenv("LABELING_STORE", "firestore://production")
    out = tmp_path / "out"
    with ready_workers():
        assert run_selection_loop(str(out), as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    first, second = told["rounds"]
    assert [command.split()[1] for command in told["commands"]] == [
        *("extract", "select", "label", "dataset", "train", "predict", "select", "label", "label")
    ]
    assert first["strategies"] == {"time": 6}
    assert (first["labeled"], second["labeled"]) == (6, 6)
    assert first["selection"] != second["selection"]
    # The repeated drive's images are labeled already, as those of the first drive.
    assert second["covered"] > 0
    monkeypatch.delenv("LABELING_STORE")
    found = label("status", "-p", out, "--json").found
    assert found["tasks"]["completed"] == 12
    assert sum(found["labels"].values()) == first["objects"] + second["objects"]
    made = {name: sum(each[name] for each in found["pre_labels"]) for name in told["pre_labels"]}
    assert made == told["pre_labels"]
