"""What happens to a recording at the last moment before it leaves the card."""

import os

import pytest

from vidset.upload import leaving
from vidset.upload.errors import SourceChangedError
from vidset.upload.leaving import StillWrittenError, delete, move
from vidset.upload.mounts import Disks
from vidset.upload.source import Source


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "card" / "a.mp4"
    path.parent.mkdir()
    path.write_bytes(b"recorded")
    return path


@pytest.fixture
def done(tmp_path):
    folder = tmp_path / "done"
    folder.mkdir()
    return folder


def take(way, source, done, digests):
    if way == "delete":
        delete(source)
    else:
        move(source, done / "a.mp4", digests, Disks([done], lambda _: None), done)


WAYS = pytest.mark.parametrize("way", ["delete", "move"])


@WAYS
def test_a_file_that_was_put_in_its_place_stays(path, done, way):
    with Source(path) as source:
        digests = source.digest(lambda _: None)
        path.with_name("new").write_bytes(b"unread")
        path.with_name("new").rename(path)
        with pytest.raises(SourceChangedError, match="another file was put in its place"):
            take(way, source, done, digests)
    assert path.read_bytes() == b"unread"
    assert list(done.iterdir()) == []


@WAYS
def test_what_was_written_on_at_the_last_moment_stays(path, done, way):
    with Source(path) as source:
        digests = source.digest(lambda _: None)
        path.write_bytes(b"recorded, and more")
        with pytest.raises(SourceChangedError, match="changed at the last moment: it was written"):
            take(way, source, done, digests)
    assert path.read_bytes() == b"recorded, and more"
    assert list(done.iterdir()) == []


@WAYS
def test_what_a_recorder_opens_at_the_last_moment_stays(path, done, way):
    with Source(path) as source, path.open("r+b"):
        digests = source.digest(lambda _: None)
        with pytest.raises(StillWrittenError, match="open for writing"):
            take(way, source, done, digests)
    assert path.read_bytes() == b"recorded"
    assert list(done.iterdir()) == []


def test_a_recorder_that_makes_its_file_anew_meanwhile_keeps_both(path, monkeypatch):
    def put_back(aside, name):
        path.write_bytes(b"new")
        real(aside, name)

    real = leaving._put_back
    monkeypatch.setattr(leaving, "_put_back", put_back)
    with Source(path) as source, path.open("r+b"), pytest.raises(StillWrittenError):
        delete(source)
    found = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    assert found == {"a.mp4": b"new", "a.deleting.mp4": b"recorded"}


def test_what_is_deleted_is_gone_under_every_name(path):
    with Source(path) as source:
        delete(source)
    assert list(path.parent.iterdir()) == []


def test_a_recording_moved_to_a_name_that_is_taken_replaces_nothing(path, done):
    (done / "a.mp4").write_bytes(b"another card's")
    with Source(path) as source:
        digests = source.digest(lambda _: None)
        take("move", source, done, digests)
    name = f"a.{digests.sha256.hex()[:32]}.mp4"
    found = {each.name: each.read_bytes() for each in done.iterdir()}
    assert found == {"a.mp4": b"another card's", name: b"recorded"}
    assert not os.path.lexists(path)


@WAYS
@pytest.mark.parametrize("stem", ["x" * 251, "日本語" * 27 + "12345678", "no \udcff UTF-8"])
def test_names_of_any_length_leave(tmp_path, done, way, stem):
    path = tmp_path / "card" / f"{stem}.mp4"
    path.parent.mkdir()
    path.write_bytes(b"recorded")
    (done / path.name).write_bytes(b"another card's")
    with Source(path) as source:
        digests = source.digest(lambda _: None)
        if way == "delete":
            delete(source)
        else:
            move(source, done / path.name, digests, Disks([done], lambda _: None), done)
    assert list(path.parent.iterdir()) == []
    assert len(list(done.iterdir())) == (1 if way == "delete" else 2)
