"""A backup is one file that holds a store as it was at one moment, while others write to it."""

import threading

import pytest

from vidset.labeling.stores.backup import backup_store, restore_store
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.labeling.stores.store import Query, Write


def filled(path, count: int, text: str = "") -> SqliteStore:
    store = SqliteStore(path)
    for number in range(count):
        store.commit([Write("state", f"n{number}", {"value": f"{number}{text}"})])
    return store


def names(path) -> list[str]:
    store = SqliteStore(path)
    found = sorted(stored.id for stored in store.find(Query("state")))
    store.close()
    return found


def test_a_backup_holds_what_the_store_holds(tmp_path):
    store = filled(tmp_path / "labels.sqlite", 3)
    size = backup_store(tmp_path / "labels.sqlite", tmp_path / "monday.sqlite")
    store.close()
    assert size == (tmp_path / "monday.sqlite").stat().st_size
    assert names(tmp_path / "monday.sqlite") == ["n0", "n1", "n2"]
    assert (tmp_path / "monday.sqlite").stat().st_mode & 0o777 == 0o600


def test_a_backup_is_made_while_others_write(tmp_path):
    store = filled(tmp_path / "labels.sqlite", 400, "x" * 4000)
    stopped, written = threading.Event(), []

    def write() -> None:
        while not stopped.is_set():
            # Two documents at a time: a backup has both or neither.
            pair = [Write("state", f"{side}{len(written)}", {"value": 1}) for side in "ab"]
            store.commit(pair)
            written.append(pair)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        backup_store(tmp_path / "labels.sqlite", tmp_path / "copy.sqlite")
    finally:
        stopped.set()
        writer.join()
    store.close()
    found = names(tmp_path / "copy.sqlite")
    assert sum(name.startswith("n") for name in found) == 400
    pairs = [{name[1:] for name in found if name.startswith(side)} for side in "ab"]
    assert pairs[0] == pairs[1]


def test_a_restored_store_is_what_it_was_for_those_who_use_it_too(tmp_path):
    store = filled(tmp_path / "labels.sqlite", 2)
    backup_store(tmp_path / "labels.sqlite", tmp_path / "monday.sqlite")
    store.commit([Write("state", "later", {"value": 1})])
    restore_store(tmp_path / "monday.sqlite", tmp_path / "labels.sqlite")
    assert sorted(stored.id for stored in store.find(Query("state"))) == ["n0", "n1"]
    store.commit([Write("state", "afterwards", {"value": 1})])
    store.close()
    assert names(tmp_path / "labels.sqlite") == ["afterwards", "n0", "n1"]


def test_a_store_is_restored_where_there_is_none(tmp_path):
    filled(tmp_path / "labels.sqlite", 2).close()
    backup_store(tmp_path / "labels.sqlite", tmp_path / "monday.sqlite")
    restore_store(tmp_path / "monday.sqlite", tmp_path / "new" / "labels.sqlite")
    assert names(tmp_path / "new" / "labels.sqlite") == ["n0", "n1"]


def test_a_backup_replaces_nothing(tmp_path):
    filled(tmp_path / "labels.sqlite", 1).close()
    (tmp_path / "monday.sqlite").write_text("precious")
    with pytest.raises(ValueError, match="exists already; a backup replaces nothing"):
        backup_store(tmp_path / "labels.sqlite", tmp_path / "monday.sqlite")
    assert (tmp_path / "monday.sqlite").read_text() == "precious"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(None, "there is no such backup", id="absent"),
        pytest.param(b"no database at all" * 100, "is no store of vidset: file is not", id="text"),
        pytest.param(b"", "is no store of vidset: another program's", id="empty"),
    ],
)
def test_what_is_no_backup_is_not_restored(tmp_path, content, told):
    filled(tmp_path / "labels.sqlite", 2).close()
    if content is not None:
        (tmp_path / "bad.sqlite").write_bytes(content)
    with pytest.raises(ValueError, match=told):
        restore_store(tmp_path / "bad.sqlite", tmp_path / "labels.sqlite")
    assert names(tmp_path / "labels.sqlite") == ["n0", "n1"]


def test_a_damaged_backup_is_not_restored(tmp_path):
    filled(tmp_path / "labels.sqlite", 50, "x" * 4000).close()
    backup_store(tmp_path / "labels.sqlite", tmp_path / "monday.sqlite")
    content = bytearray((tmp_path / "monday.sqlite").read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    (tmp_path / "monday.sqlite").write_bytes(content)
    with pytest.raises(ValueError, match=r"monday.sqlite is damaged"):
        restore_store(tmp_path / "monday.sqlite", tmp_path / "labels.sqlite")
    assert len(names(tmp_path / "labels.sqlite")) == 50


def test_where_there_is_no_store_none_is_made(tmp_path):
    with pytest.raises(ValueError, match="there is no store to back up"):
        backup_store(tmp_path / "labels.sqlite", tmp_path / "monday.sqlite")
    assert list(tmp_path.iterdir()) == []
