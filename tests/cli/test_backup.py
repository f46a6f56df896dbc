"""`vidset backup` and `vidset restore`."""

import pytest

from tests.cli.called import vidset
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.labeling.stores.store import Query, Write


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A place whose store has one document; the current folder."""
    folder = tmp_path / "roads"
    folder.mkdir()
    (folder / "vidset.toml").write_text("")
    monkeypatch.chdir(folder)
    store = SqliteStore(folder / "labels.sqlite")
    store.commit([Write("state", "first", {"value": 1})])
    store.close()
    return folder


def names(place) -> list[str]:
    store = SqliteStore(place / "labels.sqlite")
    found = sorted(stored.id for stored in store.find(Query("state")))
    store.close()
    return found


def test_what_was_backed_up_is_restored(place):
    done = vidset("backup", "monday.sqlite", "--json")
    assert (done.code, done.found["output"]) == (0, str(place / "monday.sqlite"))
    assert done.found["size_bytes"] == (place / "monday.sqlite").stat().st_size
    (place / "labels.sqlite").unlink()
    assert vidset("restore", "monday.sqlite", "--json").code == 0
    assert names(place) == ["first"]


def test_a_store_is_replaced_only_when_asked(place):
    vidset("backup", "monday.sqlite")
    store = SqliteStore(place / "labels.sqlite")
    store.commit([Write("state", "second", {"value": 1})])
    store.close()
    refused = vidset("restore", "monday.sqlite")
    assert refused.code == 2
    assert "exists: --overwrite replaces it" in refused.err
    assert names(place) == ["first", "second"]
    assert vidset("restore", "monday.sqlite", "--overwrite").code == 0
    assert names(place) == ["first"]


def test_a_backup_replaces_no_file(place):
    (place / "monday.sqlite").write_text("precious")
    assert vidset("backup", "monday.sqlite").code == 2
    assert (place / "monday.sqlite").read_text() == "precious"


def test_a_store_in_the_cloud_is_not_backed_up(place, monkeypatch):
    monkeypatch.setenv("LABELING_STORE", "firestore://project-1")
    done = vidset("backup", "monday.sqlite")
    assert done.code == 2
    assert "only a store in a file (sqlite:PATH) is backed up" in done.err
