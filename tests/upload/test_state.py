"""What a collector remembers, when it is damaged or its disk is full."""

import os
import resource
import sqlite3
from contextlib import contextmanager

import pytest

from tests.upload.recordings import recording
from vidset.upload.database import Database
from vidset.upload.identity import Identity
from vidset.upload.source import Digests
from vidset.upload.state import State


def overwrite(path):
    path.write_bytes(b"no database" * 1000)


def damage(path):
    """All but the first page."""
    os.truncate(path, 4096)
    os.truncate(path, 36864)


def cut(path):
    os.truncate(path, path.stat().st_size - 5000)


def other_tables(path):
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE digests (path BLOB PRIMARY KEY, checksum BLOB)")


@pytest.mark.parametrize("harm", [overwrite, damage, cut, other_tables])
def test_what_it_remembers_may_be_lost_and_is_put_aside(folder, send, tmp_path, harm):
    path, state = recording(tmp_path / "a.mp4"), tmp_path / "state"
    assert send(folder, path).code == 0
    harm(state / "state.sqlite")
    harmed = (state / "state.sqlite").read_bytes()
    ended = send(folder, path)
    assert (ended.code, ended.file["state"]) == (0, "present")
    assert "state.sqlite: damaged, or another release's: begun anew" in ended.stderr
    assert (state / "state.sqlite.damaged").read_bytes() == harmed
    again = send(folder, path)
    assert (again.code, again.stderr) == (0, "")


@contextmanager
def no_room(size_bytes):
    """As on a full disk: no file of this process may grow beyond so much."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_finds_no_room_is_written_once_there_is_some(tmp_path):
    path, told = tmp_path / "some.sqlite", []
    database = Database(path, {"facts": "name TEXT PRIMARY KEY, said TEXT"}, lambda *_: None)
    database.write("INSERT INTO facts VALUES (?, ?)", "first", "on disk")
    database.close()
    database = Database(
        path, {"facts": "name TEXT PRIMARY KEY, said TEXT"}, lambda *e: told.append(e)
    )
    with no_room(path.stat().st_size):
        for name in "second", "third":
            database.write("INSERT INTO facts VALUES (?, ?)", name, "x" * 10_000)
        database.write("DELETE FROM facts WHERE name = ?", "second")
        asked = [
            database.read("SELECT name FROM facts WHERE name = ?", name)
            for name in ("first", "second", "third")
        ]
    assert asked == [("first",), None, ("third",)]
    ((where, text),) = told
    assert where == path
    assert "what it is to remember is kept in memory" in text
    database.write("INSERT INTO facts VALUES (?, ?)", "fourth", "after it")
    database.close()
    with sqlite3.connect(path) as other:
        assert [name for (name,) in other.execute("SELECT name FROM facts ORDER BY name")] == [
            "first",
            "fourth",
            "third",
        ]


def test_a_full_disk_from_the_start_stops_nothing(tmp_path):
    told = []
    with no_room(0):
        state = State(tmp_path / "state", lambda *each: told.append(each))
        assert state.name("gs://b/", "cam1", b"sha", "proposed") == "proposed"
        assert state.name("gs://b/", "cam1", b"sha", "other") == "proposed"
        state.keep_token("gs://b/o", "token")
        with state.locked("gs://b/o"):
            assert state.token("gs://b/o") == "token"
        identity, digests = Identity(1, 2, 3, 4), Digests(b"a", b"b", b"c")
        state.keep_digests(tmp_path, identity, digests)
        assert state.digests(tmp_path, identity) == digests
    assert len(told) == 1
    state.keep_done("gs://b/", tmp_path, identity)
    state.close()
    anew = State(tmp_path / "state", lambda *_: None)
    assert anew.token("gs://b/o") == "token"
    assert anew.is_done("gs://b/", tmp_path, identity)
    anew.close()


@pytest.fixture
def told():
    return []


@pytest.fixture
def state(tmp_path, told):
    state = State(tmp_path / "state", lambda path, text: told.append(text))
    yield state
    state.close()


def test_a_state_that_is_damaged_while_it_is_used_is_put_aside(state, told, tmp_path):
    state.keep_token("gs://b/o", "token")
    path = tmp_path / "state" / "state.sqlite"
    path.write_bytes(b"no database" * 2000)
    state.keep_token("gs://b/p", "other")
    assert state.token("gs://b/o") is None
    state.keep_token("gs://b/q", "third")
    assert state.token("gs://b/q") == "third"
    assert any("begun anew" in text for text in told)
    assert path.with_name("state.sqlite.damaged").exists()


def test_a_state_that_is_locked_while_it_is_used_is_kept_in_memory(
    state, told, tmp_path, monkeypatch
):
    state.keep_token("gs://b/o", "token")
    with sqlite3.connect(tmp_path / "state" / "state.sqlite", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        state.keep_token("gs://b/p", "other")
        assert state.token("gs://b/p") == "other"
        assert [text for text in told if "kept in memory" in text]
        other.execute("ROLLBACK")
    state.keep_token("gs://b/q", "third")
    assert state.token("gs://b/p") == "other"


def test_what_an_earlier_release_remembered_of_names_is_kept(tmp_path, told):
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    with sqlite3.connect(folder / "state.sqlite") as database:
        database.execute("CREATE TABLE done (place TEXT, path BLOB, size INTEGER)")
        database.execute(
            "CREATE TABLE names (place TEXT, collector TEXT, sha256 BLOB, name TEXT, "
            "PRIMARY KEY (place, collector, sha256))"
        )
        database.execute("INSERT INTO names VALUES ('gs://b/', 'cam1', x'00', 'first')")
    state = State(folder, lambda path, text: told.append(text))
    assert state.name("gs://b/", "cam1", b"\0", "second") == "first"
    assert told == []
    state.close()
