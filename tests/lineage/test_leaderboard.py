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
