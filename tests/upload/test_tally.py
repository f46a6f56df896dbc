"""What is added up of recordings, and kept on disk to be told in the end."""

import resource

import pytest

from vidset.upload.records import Record
from vidset.upload.tally import Tally


@pytest.fixture
def told():
    return []


@pytest.fixture
def tally(tmp_path, told):
    return Tally(tmp_path, lambda path, text: told.append(text))


def uploaded(name, **others):
    return Record(name, "uploaded", f"gs://b/{name}", 10, sent_bytes=10, **others)


def test_records_are_counted_and_read_back_in_order(tally, tmp_path):
    records = [uploaded("Straße.mp4"), Record("b", "failed", note="why"), uploaded("c")]
    for record in records:
        tally.add(record)
    assert (tally.states, tally.size_bytes, tally.sent_bytes) == (
        {"uploaded": 2, "failed": 1},
        20,
        20,
    )
    assert list(tmp_path.iterdir()) == []  # The file has no name: nothing is left of it.
    assert list(tally.records()) == records


def test_a_watched_recording_that_failed_first_counts_as_what_it_ends_as(tally):
    for _ in range(3):
        tally.add(Record("a", "failed", note="no connection"), is_final=False)
    tally.add(Record("b", "failed", note="no connection"), is_final=False)
    tally.add(uploaded("a"), is_final=False)
    tally.finish()
    assert tally.states == {"uploaded": 1, "failed": 1}
    assert [each.file for each in tally.records()] == ["a", "b"]


def test_what_was_sent_and_deleted_later_on_counts_as_uploaded(tally):
    tally.add(uploaded("a", then="later"), is_final=False)
    tally.add(Record("a", "present", "gs://b/a", 10, then="deleted"), is_final=False)
    tally.finish()
    assert (tally.states, tally.thens) == ({"uploaded": 1}, {"deleted": 1})
    (only,) = tally.records()
    assert (only.state, only.then, only.sent_bytes) == ("uploaded", "deleted", 10)


def test_records_outlive_a_full_disk(tally, told):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    try:
        for number in range(9):
            tally.add(uploaded(f"{number}"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [each.file for each in tally.records()] == list("012345678")
    assert told == ["File too large: the records are kept in memory"]
