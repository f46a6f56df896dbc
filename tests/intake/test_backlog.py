"""Uploads that wait, packed."""

import tracemalloc

import pytest

from vidset.elements import Upload
from vidset.intake.backlog import Backlog


def upload(number: int) -> Upload:
    return Upload(f"s3://uploads/cam/{number:07}.mp4", f"cam/{number:07}.mp4", f"{number:016x}")


@pytest.mark.parametrize("number", [0, 1, 999, 1000, 1001, 3500])
def test_uploads_come_out_in_their_order(number):
    backlog = Backlog(map(upload, range(number)))
    assert len(backlog) == number
    assert [backlog.popleft() for _ in range(len(backlog))] == list(map(upload, range(number)))
    assert len(backlog) == 0
    with pytest.raises(IndexError):
        backlog.popleft()


def test_uploads_may_be_added_while_others_are_taken():
    backlog, taken = Backlog(map(upload, range(1500))), []
    for number in range(1500, 4000):
        taken += backlog.take(2)
        backlog.append(upload(number))
    taken += backlog.take(10**9)
    assert taken == list(map(upload, range(4000)))


def test_what_waits_takes_little_memory():
    tracemalloc.start()
    try:
        backlog = Backlog(map(upload, range(50_000)))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(backlog) == 50_000
    assert taken < 50_000 * 40
