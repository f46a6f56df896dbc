"""`vidset extract` from bucket to bucket, through a proxy that breaks some of the requests."""

import time

import pytest

from tests.cli.called import vidset
from tests.drawing import write_video
from tests.end_to_end.jobs import objects, results
from tests.storage.broken import break_some, broken_store
from tests.upload.proxy import Answer, Fault
from vidset.storage.open import open_store

pytestmark = [pytest.mark.emulator, pytest.mark.slow]
_VIDEOS = 6


@pytest.fixture(params=["gs", "s3"])
def broken(request, monkeypatch):
    """The uri of a bucket, and the proxy before it."""
    with broken_store(request, monkeypatch) as store:
        yield store


@pytest.fixture
def uploaded(broken, tmp_path):
    """What `broken` has, with videos and one that is none, and where they are in it."""
    place, proxy = broken
    store = open_store(place)
    for number in range(_VIDEOS):
        video = write_video(tmp_path / f"{number}.mp4", scenes=range(number, number + 3))
        store.put(f"in/{number}.mp4", video.read_bytes(), "video/mp4")
    store.put("in/none.mp4", b"nonsense", "video/mp4")
    return place, proxy


def extract(place, to):
    return vidset("extract", f"{place}/in", "-o", f"{place}/{to}", "--json", "--workers", "2")


@pytest.mark.parametrize("share", [pytest.param(0.1, marks=pytest.mark.chaos), 0.3])
def test_one_run_ends_right_when_some_requests_break(uploaded, share):
    place, proxy = uploaded
    whole = extract(place, "whole")
    assert (whole.code, whole.found["done"], whole.found["failed"]) == (1, _VIDEOS, 1)
    break_some(proxy, share, seed=11)
    called = extract(place, "broken")
    broken_times = sum(10_000 - fault.times for fault in proxy.faults)
    proxy.faults = []
    assert broken_times > 10
    assert called.code == 1, called.err
    for name in ("videos", "samples", "kept", "done", "partial", "failed"):
        assert called.found[name] == whole.found[name]
    images, tables = results(f"{place}/whole")
    assert len(images) >= 3 * _VIDEOS
    assert results(f"{place}/broken") == (images, tables)
    letters = [objects(f"{place}/{to}/dead_letters") for to in ("whole", "broken")]
    assert letters[0] == letters[1]
    assert len(letters[0]) == 1


@pytest.mark.chaos  # It waits for most of a minute.
def test_a_fault_that_stays_is_told_within_a_minute_and_the_next_run_goes_on(uploaded):
    place, proxy = uploaded
    proxy.faults = [Fault(lambda request: request.method != "HEAD", Answer(503), times=1e9)]
    began = time.monotonic()
    called = extract(place, "out")
    assert time.monotonic() - began < 90
    assert called.code == 1
    assert place in called.err
    assert "503" in called.err
    proxy.faults = []
    again = extract(place, "out")
    assert (again.code, again.found["done"]) == (1, _VIDEOS)


def test_credentials_that_are_refused_are_told_at_once(uploaded):
    place, proxy = uploaded
    proxy.faults = [Fault(lambda _: True, Answer(403), times=1e9)]
    called = extract(place, "out")
    proxy.faults = []
    assert called.code in (1, 2)
    assert place in called.err
    assert "403" in called.err or "Forbidden" in called.err
    assert extract(place, "out").found["done"] == _VIDEOS
