"""Clocks that are wrong: of the recorder, of a share's server, of this machine."""

import os
from collections import Counter
from types import SimpleNamespace

import pytest

from tests.upload.recordings import recording
from vidset.upload import named as named_module
from vidset.upload.errors import NotSettledError
from vidset.upload.identity import Identity
from vidset.upload.leaving import StillWrittenError, delete
from vidset.upload.named import Named, upload_named
from vidset.upload.records import Record
from vidset.upload.settings import Place, Settings
from vidset.upload.source import Source
from vidset.upload.tally import Tally

IN_2100, IN_2446 = 4102444800, 15032385535
FILES = 50


class Clock:
    """Stands for the module `time`; to sleep takes no time."""

    def __init__(self):
        self.now, self.pauses = 1000.0, []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        self.pauses.append(seconds)


class Uploader:
    """Wants each recording to be unchanged for ten seconds, as if no time told anything."""

    def __init__(self):
        self.tries = Counter()

    def upload(self, path, patience, seen):
        self.tries[path.name] += 1
        identity = Identity.of(path.stat())
        if seen is None:
            raise NotSettledError(identity, 10.0)
        assert seen == identity
        return Record(str(path), "uploaded", then="deleted")


class Listener:
    def show(self, record):
        pass

    def tell(self, path, text):
        pass


@pytest.fixture
def card(tmp_path):
    folder = tmp_path / "card"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number:02}.mp4").write_bytes(b"x")
    return folder


@pytest.mark.parametrize(("at_once", "pauses"), [(10_000, 1), (20, 3)])
def test_recordings_settle_together(card, tmp_path, monkeypatch, at_once, pauses):
    clock, uploader, listener = Clock(), Uploader(), Listener()
    monkeypatch.setattr(named_module, "time", clock)
    monkeypatch.setattr(named_module, "_MOST_SETTLING", at_once)
    place = Place("gs", "bucket")
    settings = Settings(place, "cam1", (card,), None, tmp_path, folders=(card,), is_deleted=True)
    tally = Tally(None, listener.tell)
    named = Named(settings, listener.tell)
    upload_named(named, settings, uploader, listener, tally, lambda: None)
    assert tally.thens == {"deleted": FILES}
    assert set(uploader.tries.values()) == {2}
    assert [each for each in clock.pauses if each] == [10.0] * pauses
    assert list(named.left()) == []


@pytest.mark.parametrize("moment", [IN_2100, IN_2446])
def test_a_time_that_tells_nothing_is_waited_for_once_and_told(folder, send, tmp_path, moment):
    paths = [recording(tmp_path / f"{name}.mp4", seed=seed) for seed, name in enumerate("abc")]
    for path in paths:
        os.utime(path, (moment, moment))
    ended = send(folder, *paths, "--delete", "--settle", "0.5")
    assert ended.code == 0, ended.stderr
    assert [each["then"] for each in ended.found["files"]] == ["deleted"] * 3
    said = "its turn comes once it has been unchanged for 0.5 s, since a recorder may still go on"
    assert ended.stderr.count(said) == 1
    assert "--settle SECONDS changes that, --settle 0 does not wait" in ended.stderr


def test_what_is_kept_does_not_wait(folder, send, tmp_path):
    path = recording(tmp_path / "a.mp4")
    os.utime(path, (IN_2100, IN_2100))
    ended = send(folder, path, "--settle", "1000")
    assert (ended.code, ended.file["state"], ended.stderr) == (0, "uploaded", "")


def test_a_share_whose_clock_is_behind_loses_nothing(tmp_path, monkeypatch):
    """By this machine's clock its files are old; by its own, this one was just written."""
    path = tmp_path / "a.mp4"
    path.write_bytes(b"recorded")
    monkeypatch.setattr(Source, "is_written", lambda _: None)
    with (
        Source(path) as source,
        pytest.raises(StillWrittenError, match="by the clock of its disk it was changed 0 s ago"),
    ):
        delete(source, least_seconds=300)
    assert path.read_bytes() == b"recorded"


def test_times_and_inodes_of_any_size_tell_files_apart(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"x")
    inode = (1 << 64) - 5  # As servers of shares make them up.
    odd = SimpleNamespace(st_size=1, st_ino=inode, st_mtime_ns=2, st_ctime_ns=3)
    assert Identity.of(odd) == Identity(1, 2, -5, 3)
    os.utime(path, (IN_2446, IN_2446))
    fits = -(1 << 63) <= Identity.of(path.stat()).mtime_ns < 1 << 63
    assert fits
    assert Identity.of(path.stat()).age_seconds() is None


def test_the_time_of_a_clock_that_was_never_set_tells_nothing():
    assert Identity(1, 0, 1, 5_000_000_000).age_seconds() is None
