"""Files that are as they were when they were read are not read again."""

import json
import os
import shutil
from collections.abc import Mapping
from typing import Any

import pytest

from tests.drawing import write_video
from vidset import known_files
from vidset.engines.local import LocalEngine
from vidset.intake.redoing import Redo
from vidset.intake.request import Request
from vidset.intake.run import extract


@pytest.fixture
def videos(tmp_path, monkeypatch):
    """Two videos and a file that is none; all count as written long ago."""
    monkeypatch.setattr(known_files, "_TICK_NANOSECONDS", 0)
    for number in (1, 2):
        write_video(tmp_path / "in" / f"{number}.mp4", scenes=[number, number + 1])
    (tmp_path / "in" / "broken.mp4").write_bytes(b"nonsense")
    return tmp_path / "in"


class Counting(LocalEngine):
    """The engine of this machine, which counts what it is given."""

    given = 0

    def submit(self, task):
        Counting.given += 1
        super().submit(task)


class StoppedAfterOne(LocalEngine):
    """The user stops it when the first outcome is there."""

    outcomes = 0

    def next(self, timeout_seconds):
        if self.outcomes:
            raise KeyboardInterrupt
        found = super().next(timeout_seconds)
        self.outcomes += found is not None
        return found


def run(videos, **more: Any) -> Mapping[str, int]:
    """What a run says, and how many videos its workers were given."""
    Counting.given = 0
    summary = extract(
        Request((str(videos),), str(videos.parent / "out"), workers=1, **more),
        start_engine=Counting,
    )
    names = ("videos", "done", "skipped", "failed", "new", "redone")
    return {name: getattr(summary, name) for name in names} | {"read": Counting.given}


def counts(**some: int) -> Mapping[str, int]:
    return {"videos": 3, "done": 0, "skipped": 0, "failed": 1, "new": 0, "redone": 0} | some


def test_no_worker_sees_what_was_done_and_has_not_changed(videos):
    assert run(videos) == counts(done=2, read=3)
    letters = videos.parent / "out" / "dead_letters"
    shutil.rmtree(letters)  # As if it had not got through.
    assert run(videos) == counts(skipped=3, read=0)
    [letter] = letters.glob("*.jsonl")
    assert json.loads(letter.read_text())["uri"] == str(videos / "broken.mp4")
    assert run(videos, is_dry=True) == counts(skipped=3, read=0)


def test_one_more_video_is_the_only_one_that_is_read(videos):
    run(videos)
    write_video(videos / "3.mp4", scenes=[7])
    assert run(videos) == counts(videos=4, done=1, skipped=3, read=1)


def test_other_bytes_of_the_same_size_and_time_are_read(videos):
    run(videos)
    path = videos / "1.mp4"
    before, whole = path.stat(), path.read_bytes()
    other = write_video(videos.parent / "other.mp4", scenes=[9, 4]).read_bytes()
    size = max(len(whole), len(other))
    path.write_bytes(whole.ljust(size, b"\0"))
    assert run(videos)["read"] == 1
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert run(videos)["read"] == 1  # Only its times have changed, and are remembered.
    path.write_bytes(other.ljust(size, b"\0"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (size, before.st_mtime_ns)
    assert run(videos) == counts(done=1, skipped=2, read=1)


def test_full_reads_all(videos):
    run(videos)
    assert run(videos, is_full=True) == counts(skipped=3, read=3)
    assert run(videos) == counts(skipped=3, read=0)


def test_what_is_to_be_done_again_goes_to_the_workers(videos):
    run(videos)
    redo = Redo(frozenset({"failed"}))
    assert run(videos, redo=redo, is_dry=True) == counts(failed=0, skipped=2, redone=1, read=1)
    assert run(videos, redo=redo) == counts(skipped=2, redone=1, read=1)


def test_a_video_whose_ledger_is_gone_is_done_again(videos):
    run(videos)
    shutil.rmtree(videos.parent / "out" / "videos")
    assert run(videos) == counts(done=2, redone=2, read=3)


@pytest.mark.parametrize("content", [b"", b"PAR1 nonsense PAR1"], ids=["empty", "damaged"])
def test_without_its_memory_a_run_reads_again(videos, content):
    run(videos)
    (videos.parent / "out" / ".cache" / "inputs.parquet").write_bytes(content)
    assert run(videos) == counts(skipped=3, read=3)
    assert run(videos) == counts(skipped=3, read=0)


def test_what_was_written_just_now_is_not_remembered(videos, monkeypatch):
    """Its next version may have the same size and times."""
    monkeypatch.setattr(known_files, "_TICK_NANOSECONDS", 3_600_000_000_000)
    run(videos)
    assert run(videos) == counts(skipped=3, read=3)


def test_a_run_that_is_stopped_remembers_what_it_has_read(videos):
    with pytest.raises(KeyboardInterrupt):
        extract(
            Request((str(videos),), str(videos.parent / "out"), workers=1),
            start_engine=StoppedAfterOne,
        )
    assert run(videos)["read"] == 2
