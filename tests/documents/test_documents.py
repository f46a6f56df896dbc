"""The same of both stores: Firestore's emulator, and SQLite's file."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.documents.labels import (
    NOON,
    annotation,
    id_of,
    put,
    put_annotations,
    put_tasks,
    sqlite_store,
    task,
)
from vidset.documents import documents
from vidset.documents.documents import Part, all_parts, parts_since
from vidset.documents.open import open_documents
from vidset.labeling.stores.firestore import FirestoreStore


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.emulator)])
def both(request, tmp_path):
    """The broker's end, and the reader's."""
    if request.param == "sqlite":
        store, uri = sqlite_store(tmp_path), f"sqlite:{tmp_path}/labels.sqlite"
    else:
        project = request.getfixturevalue("firestore").project
        store, uri = FirestoreStore(project, "(default)"), f"firestore://{project}"
    reader = open_documents(uri)
    yield store, reader
    reader.close()
    store.close()


def test_documents_are_read_as_they_were_written(both):
    store, reader = both
    put_annotations(store, annotation(1), annotation(2))
    put_tasks(store, task(3))
    found = dict(reader.read(Part("annotations")))
    assert set(found) == {id_of(1), id_of(2)}
    wanted = annotation(1)
    assert found[id_of(1)] | {"updated_at": 0, "written_at": 0} == wanted | {
        "updated_at": 0,
        "written_at": 0,
    }
    moment = found[id_of(1)]["written_at"]
    assert (datetime.fromisoformat(moment) if isinstance(moment, str) else moment) == NOON
    assert [name for name, _ in reader.read(Part("tasks"))] == [id_of(3)]


@pytest.mark.parametrize("number", [1, 2, 7, 16, 100, 5000])
def test_parts_by_id_have_every_document_once(both, number):
    store, reader = both
    names = [*map(id_of, range(60)), "!", "zz", "Straße", "40", "40a"]
    put(store, "annotations", {name: annotation(1) for name in names})
    parts = all_parts("annotations", number)
    assert len(parts) == min(number, 256)
    found = [name for part in parts for name, _ in reader.read(part)]
    assert sorted(found) == sorted(names)


def test_what_was_written_since_is_found_and_nothing_else(both):
    store, reader = both
    put_annotations(
        store, *(annotation(n, written_at=NOON + timedelta(seconds=n)) for n in range(10))
    )
    since = NOON + timedelta(seconds=4)
    part = Part("annotations", since=since)
    assert [name for name, _ in reader.read(part)] == [id_of(n) for n in range(4, 10)]
    assert reader.count(part) == 6
    half = Part("annotations", since=since, before=NOON + timedelta(seconds=7))
    assert [name for name, _ in reader.read(half)] == [id_of(n) for n in (4, 5, 6)]
    assert reader.count(half) == 3
    assert reader.count(Part("annotations")) == 10


@pytest.mark.parametrize("number", [1, 2, 4, 9])
def test_parts_by_time_have_every_document_once(both, monkeypatch, number):
    monkeypatch.setattr(documents, "PART", 5)
    store, reader = both
    times = [NOON + timedelta(seconds=n // 4) for n in range(80)]
    put_annotations(store, *(annotation(n, written_at=time) for n, time in enumerate(times)))
    now = NOON + timedelta(seconds=15)  # Some are written later than the reader's clock says.
    parts = parts_since(reader.count, "annotations", NOON, now, number)
    assert (len(parts) > 1) == (number > 1)
    assert parts[-1].before is None
    found = [name for part in parts for name, _ in reader.read(part)]
    assert sorted(found) == sorted(map(id_of, range(80)))


def test_many_documents_of_one_moment_are_one_part(both, monkeypatch):
    monkeypatch.setattr(documents, "PART", 5)
    store, reader = both
    put_annotations(store, *(annotation(n) for n in range(30)))
    parts = parts_since(
        reader.count, "annotations", NOON - timedelta(hours=1), NOON + timedelta(hours=1), 4
    )
    assert len(parts) < 50
    assert len([name for part in parts for name, _ in reader.read(part)]) == 30


@pytest.mark.slow
@pytest.mark.parametrize("ordered", ["by-id", "by-time"])
def test_pages_join_without_a_gap(both, ordered):
    """Of 2,000 documents; here many have one time, also where a page ends."""
    store, reader = both
    names = [f"{number:05d}" for number in range(4_001)]
    small = {"written_at": NOON, "image_id": "x"}
    put(store, "annotations", dict.fromkeys(names, small))
    part = Part("annotations", since=NOON if ordered == "by-time" else None)
    assert [name for name, _ in reader.read(part)] == names


def test_the_stores_clock_is_right(both):
    _, reader = both
    before, told = datetime.now(UTC), reader.now()
    assert before - timedelta(seconds=5) < told < datetime.now(UTC) + timedelta(seconds=5)


def test_documents_may_be_written_while_others_are_read(both):
    store, reader = both
    put_annotations(store, *(annotation(n) for n in range(3)))
    reading = reader.read(Part("annotations"))
    next(reading)
    put_annotations(store, annotation(9))
    assert len(list(reading)) >= 2


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        pytest.param("firestore:p", "wanted firestore://PROJECT", id="no-project"),
        pytest.param("sqlite:", "wanted firestore://PROJECT", id="no-path"),
        pytest.param("mongodb://x", "wanted firestore://PROJECT", id="another"),
        pytest.param("sqlite:/no/such/file", "/no/such/file is no store of labels", id="absent"),
    ],
)
def test_another_uri_is_a_wrong_configuration(uri, message):
    with pytest.raises(ValueError, match=message):
        open_documents(uri)


def test_another_programs_file_is_refused(tmp_path):
    (tmp_path / "text").write_text("hello")
    with pytest.raises(ValueError, match="is no store of labels: file is not a database"):
        open_documents(f"sqlite:{tmp_path}/text")
    (tmp_path / "empty").touch()
    with pytest.raises(ValueError, match="got application 0, schema 0"):
        open_documents(f"sqlite:{tmp_path}/empty")


def test_one_store_has_one_uri(tmp_path, monkeypatch):
    sqlite_store(tmp_path).close()
    monkeypatch.chdir(tmp_path)
    assert open_documents("sqlite:labels.sqlite").uri == f"sqlite:{tmp_path}/labels.sqlite"
