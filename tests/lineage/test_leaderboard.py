"""`vidset dataset scores`."""

import pytest

from tests.cli.called import vidset
from tests.lineage.places import make_place


@pytest.fixture
def place(tmp_path):
    return make_place(tmp_path)


def test_the_best_version_stands_first_with_an_interval(place):
    [board] = vidset("dataset", "scores", "-p", place.folder, "--json").found["boards"]
    assert (board["split"], board["score_name"], board["images"]) == ("validation", "accuracy", 3)
    best, other = board["versions"]
    assert (best["names"], best["runs"], best["score"]) == (["v1"], ["v1-1"], 1.0)
    assert (other["names"], other["runs"]) == (["v0"], ["v0-1", "v0-2"])
    assert other["score"] == pytest.approx(0.5)
    low, high = other["interval"]
    # Two seeds say little: Student's t with one degree of freedom is wide.
    assert (low, high) == (0.0, 1.0)


def test_the_table_names_versions_and_the_next_command_compares_the_two_best(place):
    called = vidset("dataset", "scores", "-p", place.folder)
    assert "resnet50-c2-32 on validation (3 images)" in called.out
    assert called.next == f"vidset compare v0 vs v1 -p {place.folder}"


def test_a_split_on_which_nothing_was_scored_is_refused(place):
    called = vidset("dataset", "scores", "--split", "test", "-p", place.folder)
    assert called.refusal == (
        "--split: wanted one that runs were scored on (validation), got 'test'"
    )


def test_a_place_without_runs_says_so(tmp_path):
    (tmp_path / "datasets").mkdir()
    called = vidset("dataset", "scores", "-p", tmp_path)
    assert (called.code, called.next) == (0, f"vidset train -p {tmp_path}")
    assert "no run has ended yet" in called.out


def test_the_best_run_by_each_score_is_named(place):
    for run in "v0-1", "v0-2", "v1-1":
        assert vidset("evaluate", run, "-p", place.folder).code == 0
    called = vidset("dataset", "scores", "--best", "-p", place.folder, "--json")
    [board] = called.found["boards"]
    best = {each["score_name"]: each for each in board["best"]}
    assert best["accuracy"]["value"] == 1.0
    assert (best["accuracy"]["run"], best["accuracy"]["version"]) == ("v1-1", place.v1.id)
    assert best["accuracy"]["output"] == str(place.folder / "runs" / "v1-1")
    # Half of two labels' F1: all of `ii` and of `v` are right in v1-1 alone.
    assert (best["macro f1"]["value"], best["macro f1"]["run"]) == (1.0, "v1-1")
    # Less loss is better; the surest right answers have the least.
    assert best["loss"]["run"] == "v1-1"
    assert not {"seed", "epoch", "images", "right", "constant_guess"} & best.keys()
    shown = vidset("dataset", "scores", "--best", "-p", place.folder).out
    assert "best by" in shown
    assert (
        "best" not in vidset("dataset", "scores", "-p", place.folder, "--json").found["boards"][0]
    )


def test_runs_that_nobody_evaluated_are_compared_after_their_best_epoch(place):
    [board] = vidset("dataset", "scores", "--best", "-p", place.folder, "--json").found["boards"]
    [only] = board["best"]  # The history of these runs has no loss.
    assert (only["score_name"], only["value"], only["run"]) == ("accuracy", 1.0, "v1-1")
