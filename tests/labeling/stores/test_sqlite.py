import multiprocessing
import sqlite3
import stat
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from threading import Barrier

import pytest

from tests.labeling.stores.test_stores import increment
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.labeling.stores.sqlite_queries import select_page
from vidset.labeling.stores.store import Query, Write

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "folder" / "labels.sqlite"


# Of a process that a test starts: where it meets the others.
barriers = []


def start_process(barrier) -> None:
    barriers.append(barrier)


def increment_of_a_process(path) -> int:
    meet = partial(barriers[0].wait, 60)
    meet()
    store = SqliteStore(path)
    try:
        return increment(store, 500, meet)
    finally:
        store.close()


@pytest.mark.slow
def test_no_increment_of_4_processes_is_lost_and_they_may_make_the_file_at_once(path):
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(4, spawn, start_process, (spawn.Barrier(4),)) as processes:
        overtaken = sum(processes.map(increment_of_a_process, [path] * 4))
    assert SqliteStore(path).get(("state", "counter"))[0].document == {"n": 2000}
    assert overtaken >= 3


def test_8_threads_may_make_the_file_at_once(tmp_path):
    paths = [tmp_path / f"{number}.sqlite" for number in range(40)]
    barrier = Barrier(8)

    def make_all(name: str) -> None:
        for path in paths:
            barrier.wait(600)
            store = SqliteStore(path)
            store.commit([Write("tasks", name, {})])
            store.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(make_all, "abcdefgh"))
    for path in paths:
        assert [stored.id for stored in SqliteStore(path).find(Query("tasks"))] == list("abcdefgh")


def test_the_file_is_the_users_alone_and_so_are_those_beside_it(path):
    store = SqliteStore(path)
    store.commit([Write("tasks", "a", {})])
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {
        "labels.sqlite": 0o600,
        "labels.sqlite-wal": 0o600,
        "labels.sqlite-shm": 0o600,
    }
    store.close()
    assert [file.name for file in path.parent.iterdir()] == ["labels.sqlite"]


def test_what_was_committed_is_there_when_the_file_is_opened_again(path):
    first = SqliteStore(str(path))
    [version] = first.commit([Write("tasks", "a", {"n": 1})])
    first.close()
    second = SqliteStore(path)
    second.commit([Write("tasks", "a", {"n": 2}, version)])
    assert second.get(("tasks", "a"))[0].document == {"n": 2}


def test_times_are_kept_as_texts_that_sort(path):
    store = SqliteStore(path)
    store.commit([Write("tasks", "a", {"due_at": NOON})])
    assert store.get(("tasks", "a"))[0].document == {"due_at": "2026-03-01T12:00:00.000000Z"}


def text_file(path):
    path.write_text("no database, but longer than the header of one\n" * 100)


def other_database(path):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE tasks (id)")


def later_schema(path):
    SqliteStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 2")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(text_file, "is no SQLite database", id="text"),
        pytest.param(other_database, "is of another program or version", id="other database"),
        pytest.param(later_schema, "wanted .* schema 1, got .* schema 2", id="later schema"),
        pytest.param(lambda path: path.mkdir(), "no store can be made at", id="folder"),
    ],
)
def test_a_file_of_another_kind_is_refused_and_left_as_it_is(tmp_path, make, message):
    path = tmp_path / "file"
    make(path)
    before = path.is_file() and path.read_bytes()
    with pytest.raises(ValueError, match=message) as raised:
        SqliteStore(path)
    assert str(path) in str(raised.value)
    assert (path.is_file() and path.read_bytes()) == before


def test_a_folder_that_cannot_be_made_is_a_value_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"no store can be made at .*/file/labels\.sqlite"):
        SqliteStore(tmp_path / "file" / "labels.sqlite")


@pytest.mark.parametrize(
    ("query", "index"),
    [
        pytest.param(
            Query("tasks", {"state": "requested"}, order_by="due_at", until=NOON),
            "tasks_by_state_and_due_at",
            id="due",
        ),
        pytest.param(
            Query("tasks", {"state": "requested", "booked_on": None}, order_by="requested_at"),
            "tasks_by_state_and_requested_at",
            id="held",
        ),
        pytest.param(
            Query("annotations", order_by="written_at", since=NOON),
            "annotations_by_written_at",
            id="written",
        ),
        pytest.param(Query("answers", {"image_id": "a"}), "answers_by_image_id", id="image"),
        pytest.param(
            Query("answers", {"vendor": "a", "annotation_id": "b"}),
            "answers_by_vendor_and_annotation_id",
            id="annotation",
        ),
        pytest.param(
            Query("tasks", {"state": "a", "vendor": "b"}), "tasks_by_state_and_vendor", id="vendor"
        ),
        pytest.param(Query("annotations", after_id="a"), "sqlite_autoindex_annotations_1", id="id"),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_query_is_answered_from_its_index_without_sorting(path, query, index, is_first):
    SqliteStore(path).close()
    fields = ["due_at", "requested_at", "written_at"]
    document = ", ".join(f'"{name}": "2026-03-01T12:00:00.000000Z"' for name in fields)
    after = None if is_first else ("a", "{" + document + "}", 1)
    sql, parameters = select_page(query, after, 300)
    with sqlite3.connect(path) as connection:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
    plan = " ".join(chain.from_iterable(map(str, row) for row in rows))
    assert f"USING INDEX {index} (" in plan
    assert "TEMP B-TREE" not in plan


def test_documents_that_stay_in_the_log_because_somebody_reads_it_are_told(path, monkeypatch):
    monkeypatch.setattr("vidset.labeling.stores.sqlite._BUSY_SECONDS", 0.01)
    store = SqliteStore(path)
    store.commit([Write("answers", "a", {"said": "secret"})])
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM answers").fetchall()
    with pytest.raises(ValueError, match="another program reads it"):
        store.erase([("answers", "a")])
    reader.close()
    store.erase([])
    store.close()
    for file in path.parent.glob(f"{path.name}*"):
        assert b"secret" not in file.read_bytes()


def test_a_second_store_of_one_process_leaves_the_log_to_the_first(path):
    first = SqliteStore(path)
    assert first.count(Query("tasks")) == 0
    SqliteStore(path).close()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as other:
        other.submit(open_and_close, path).result()
    # Another process that closes last deletes the log: it must see that the first is still there.
    assert path.with_name("labels.sqlite-wal").exists()
    first.close()


def open_and_close(path) -> None:
    SqliteStore(path).close()
