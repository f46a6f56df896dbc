"""`vidset evaluate` on objects with masks: AP by boxes, by masks, and by the masks' parts."""

import numpy as np
import pytest

from tests.cli.called import vidset
from tests.training.scoring.runs import detected, make_run, make_version
from vidset.datasets.versions.repository import Repository
from vidset.masks import Mask
from vidset.training.running.trackers.records import write_records
from vidset.training.running.trackers.shown import read_shown


def plate(right: int, **more) -> dict:
    """A mask of 16 rows, from the column 0 to `right`."""
    pixels = np.zeros((24, 24), bool)
    pixels[:16, :right] = True
    box = {"x": 0, "y": 0, "width": right, "height": 16}
    return {"label": "plate", "box": box, "mask": Mask.of(pixels).to_document(), **more}


@pytest.fixture
def run(tmp_path):
    """A run that finds one of two plates whole, and of the other 20 columns of 24."""
    truth = {"objects": [plate(24)]}
    manifest = make_version(
        tmp_path / "datasets", [{"uri": "a.png", **truth}, {"uri": "b.png", **truth}]
    )
    found = {"a.png": [plate(24, score=0.9)], "b.png": [plate(20, score=0.8)]}
    table = detected(manifest, "validation", found)
    return make_run(
        tmp_path / "run",
        manifest,
        {"validation": {1: table}},
        model="maskrcnn-r50-fpn",
        task="detection",
        classes=["plate"],
    )


def test_objects_with_masks_are_scored_by_their_parts_too(run):
    done = vidset("evaluate", run, "-p", run.parent, "--json")
    assert done.code == 0, done.err
    result = done.found["results"]["validation"]
    # Of the last thirds, 16 to 24 and 13.3 to 20, 4 of 10.7 columns are shared.
    assert result["masks"]["ap50"] == pytest.approx(1)
    assert result["parts"]["ap50"] == pytest.approx(51 / 101)
    out = vidset("evaluate", run, "-p", run.parent).out
    lines = [line.strip() for line in out.splitlines()]
    assert "by masks: AP 0.851, AP50 1.000; AP by size: small 0.851, medium -, large -" in lines
    assert "by parts: AP 0.505, AP50 0.505; AP by size: small 0.505, medium -, large -" in lines


def test_trackers_get_the_figures_of_masks_and_parts(run):
    write_records(run, Repository(run.parent / "datasets"))
    shown = read_shown(run)
    assert shown is not None
    figures = shown.figures
    assert figures["best/validation/ap50_masks"] == pytest.approx(1)
    assert figures["best/validation/ap_parts"] == pytest.approx(51 / 101)


def test_every_threshold_is_written_for_those_who_ask(run):
    file = run.parent / "curves.csv"
    done = vidset("evaluate", run, "-p", run.parent, "--curves", file)
    assert done.code == 0, done.err
    head, *lines = file.read_text().splitlines()
    assert head == "split,label,threshold,precision,recall"
    assert lines == ["validation,plate,0.9,1.0,0.5", "validation,plate,0.8,1.0,1.0"]
    again = vidset("evaluate", run, "-p", run.parent, "--curves", file)
    assert again.code == 2
    assert "name another file" in again.err
