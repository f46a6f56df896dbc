"""Which recordings of a folder are complete, by a clock of the test's own."""

import os

import pytest

from tests.upload.recordings import recording
from vidset.upload import watching
from vidset.upload.watching import Watch


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def told():
    return []


@pytest.fixture
def watch(tmp_path, clock, told):
    def tell(path, text):
        told.append((path.name, text))

    watch = Watch(tmp_path, 10, tell, clock)
    return lambda: [path.name for path, _ in watch.complete()]


def test_a_recording_is_complete_once_it_was_seen_unchanged_for_long_enough(watch, clock, tmp_path):
    recording(tmp_path / "a.ts")
    os.utime(tmp_path / "a.ts", (1, 1))  # Its own age says nothing: clocks differ.
    assert watch() == []
    clock.now = 109.9
    assert watch() == []
    clock.now = 110
    assert watch() == ["a.ts"]


def test_what_grows_is_not_complete(watch, clock, tmp_path):
    path = tmp_path / "a.ts"
    for size in range(1, 8):
        path.write_bytes(b"x" * 100 * size)
        assert watch() == []
        clock.now += 9
    clock.now += 1
    assert watch() == ["a.ts"]


def test_oldest_recordings_come_first(watch, clock, tmp_path):
    for name, time in ("b.ts", 2), ("a.ts", 3), ("c.ts", 1):
        (tmp_path / name).write_bytes(b"x" * 100)
        os.utime(tmp_path / name, (time, time))
    watch()
    clock.now += 10
    assert watch() == ["c.ts", "b.ts", "a.ts"]


def test_what_is_no_video_or_hidden_or_empty_is_left_out(watch, clock, tmp_path):
    for name in ".a.ts", "a.txt", "ts", ".hidden/a.ts", "._a.mp4":
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * 100)
    (tmp_path / "empty.ts").touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "gone.ts").symlink_to(tmp_path / "nothing")
    watch()
    clock.now += 10
    assert watch() == []


def test_what_cannot_be_looked_at_is_told_once_and_hides_no_other(watch, clock, told, tmp_path):
    (tmp_path / "circle.ts").symlink_to(tmp_path / "circle.ts")
    (tmp_path / "a.ts").write_bytes(b"x" * 100)
    (tmp_path / "file.ts").symlink_to(tmp_path / "a.ts" / "b.ts")
    watch()
    clock.now += 10
    assert watch() == ["a.ts"]
    said = "cannot be looked at, for now: "
    assert sorted(told) == [
        ("circle.ts", f"{said}Too many levels of symbolic links"),
        ("file.ts", f"{said}Not a directory"),
    ]


def test_a_complete_recording_is_opened_once(watch, clock, tmp_path, monkeypatch):
    """Thousands may lie on a share, and it is looked at every few seconds."""
    opened = []
    monkeypatch.setattr(watching, "is_closed", lambda path: not opened.append(path.name))
    (tmp_path / "a.mp4").write_bytes(b"x" * 100)
    for _ in range(5):
        clock.now += 10
        watch()
    assert opened == ["a.mp4"]
    (tmp_path / "a.mp4").write_bytes(b"y" * 200)
    for _ in range(5):
        clock.now += 10
        watch()
    assert opened == ["a.mp4", "a.mp4"]


def test_a_recording_never_closed_is_told_once(watch, clock, told, tmp_path):
    whole = recording(tmp_path / "a.mp4")
    os.truncate(whole, whole.stat().st_size - 100)
    watch()
    for _ in range(3):
        clock.now += 300
        assert watch() == []
    ((name, text),) = told
    assert name == "a.mp4"
    assert text.startswith("left alone: not closed, and unchanged for 10 minutes")


def test_a_folder_that_is_away_is_told_once_each_time(watch, clock, told, tmp_path):
    (tmp_path / "a.ts").write_bytes(b"x" * 100)
    watch()
    tmp_path.rename(tmp_path.with_name("away"))
    clock.now += 10
    assert (watch(), watch()) == ([], [])
    assert [text for _, text in told] == ["cannot be looked at, for now: No such file or directory"]
    tmp_path.with_name("away").rename(tmp_path)
    assert watch() == []  # It may be another folder's file by now.
    clock.now += 10
    assert watch() == ["a.ts"]


def test_zeros_at_the_end_are_space_that_is_reserved(watch, clock, tmp_path):
    path = recording(tmp_path / "a.mp4")
    with path.open("ab") as file:
        file.write(bytes(1000))
    assert watch() == []
    clock.now += 11
    assert watch() == []


def test_what_a_program_has_open_for_writing_is_not_complete(watch, clock, tmp_path):
    path = recording(tmp_path / "a.ts")
    with path.open("ab"):
        assert watch() == []
        clock.now += 1000
        assert watch() == []
    assert watch() == ["a.ts"]
