"""`vidset extract --shard`: several machines that share nothing but the place."""

import shutil

import pytest

from tests.cli.called import vidset
from tests.cli.trees import tree
from tests.drawing import write_video


@pytest.fixture
def drives(tmp_path):
    for number in range(5):
        scenes = [2 * number, 2 * number + 1]
        write_video(tmp_path / "drives" / f"{number}.mp4", scenes=scenes, size=(64, 48))
    return tmp_path / "drives"


def test_shards_in_any_order_and_twice_leave_what_one_run_leaves(drives, tmp_path):
    vidset("extract", drives, "-o", tmp_path / "out", "--workers", 1)
    whole = tree(tmp_path / "out")
    shutil.rmtree(tmp_path / "out")
    found = [
        vidset(
            "extract", drives, "-o", tmp_path / "out", "--shard", shard, "--workers", 1, "--json"
        ).found
        for shard in ("3/3", "1/3", "3/3", "2/3")
    ]
    assert [each["done"] for each in found] == [2, 2, 0, 1]
    assert [each["videos"] + each["in_other_shards"] for each in found] == [5, 5, 5, 5]
    assert tree(tmp_path / "out") == whole


def test_status_names_what_a_missing_shard_would_have_done(drives, tmp_path):
    vidset("extract", drives, "-o", tmp_path / "out", "--shard", "3/3")
    called = vidset("status", tmp_path / "out", "--inputs", drives)
    assert "waiting   3 videos to extract" in called.out
    vidset("extract", drives, "-o", tmp_path / "out", "--shard", "1/3")
    vidset("extract", drives, "-o", tmp_path / "out", "--shard", "2/3")
    assert vidset("status", tmp_path / "out", "--inputs", drives, "--json").found["waiting"] == []


def test_a_shard_without_videos_is_done(drives, tmp_path):
    called = vidset("extract", drives / "0.mp4", "-o", tmp_path / "out", "--shard", "1/2")
    assert (called.code, called.out.splitlines()[-1]) == (0, "1 video left to other shards")


def test_auto_takes_the_queue_systems_variables(drives, tmp_path, monkeypatch):
    monkeypatch.setenv("CLOUD_RUN_TASK_INDEX", "2")
    monkeypatch.setenv("CLOUD_RUN_TASK_COUNT", "3")
    found = vidset("extract", drives, "-o", tmp_path / "out", "--shard", "auto", "--json").found
    assert (found["done"], found["in_other_shards"]) == (2, 3)


@pytest.mark.parametrize("shard", ["0/3", "4/3", "auto"])
def test_a_shard_that_is_none_is_bad_usage_and_nothing_is_made(drives, tmp_path, shard):
    called = vidset("extract", drives, "-o", tmp_path / "out", "--shard", shard)
    assert called.code == 2
    assert "--shard" in called.refusal
    assert not (tmp_path / "out").exists()


def test_beam_takes_no_shard(drives, tmp_path):
    called = vidset(
        "extract", drives, "-o", tmp_path / "out", "--shard", "1/3", "--runner", "DirectRunner"
    )
    assert (called.code, called.refusal) == (
        2,
        "--shard does not go to Beam, which spreads the videos by itself",
    )
