"""Stores behind a proxy that breaks some of the requests: what was asked for comes out right."""

import hashlib
import time

import pytest

from tests.storage.broken import break_some, broken_store
from tests.upload.proxy import Answer, Fault
from vidset.elements import Upload
from vidset.storage.errors import StoreUnavailableError
from vidset.storage.open import open_store
from vidset.storage.patience import patiently

pytestmark = pytest.mark.emulator


@pytest.fixture(params=["gs", "s3"])
def broken(request, monkeypatch):
    """The uri of a bucket, and the proxy before it."""
    with broken_store(request, monkeypatch) as store:
        yield store


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_everything_comes_right_when_some_requests_break(broken, share):
    place, proxy = broken
    store = open_store(place)
    break_some(proxy, share, seed=7)
    contents = {f"a/{number}.jpg": bytes([number]) * 4000 for number in range(20)}
    for name, data in contents.items():
        store.put_once(name, data, "image/jpeg")
    assert {name: store.read(name) for name in contents} == contents
    assert {item.name for item in store.list()} == contents.keys()
    assert store.read_range("a/3.jpg", 10, 12) == b"\3\3"
    with store.open(Upload(f"{place}/a/5.jpg", "a/5.jpg"), 1 << 20) as (found, source):
        data = open(source, "rb").read() if isinstance(source, str) else source.read()  # noqa: SIM115
    assert data == contents["a/5.jpg"]
    assert found.size_bytes == 4000
    assert hashlib.sha256(data).hexdigest()


def test_a_truncated_answer_is_asked_for_again(broken):
    place, proxy = broken
    store = open_store(place)
    store.put("a.mp4", b"x" * 100_000, "video/mp4")
    upload = Upload(f"{place}/a.mp4", "a.mp4")
    proxy.faults = [Fault(lambda request: request.method == "GET", "before the answer", times=2)]
    with store.open(upload, 1 << 20) as (_, source):
        data = open(source, "rb").read() if isinstance(source, str) else source.read()  # noqa: SIM115
    assert data == b"x" * 100_000


def test_what_cannot_help_is_told_at_once(broken):
    place, proxy = broken
    store = open_store(place)
    proxy.faults = [Fault(lambda _: True, Answer(403), times=1000)]
    with pytest.raises(Exception, match=r"403|Forbidden"):
        store.read("a.jpg")
    assert len(proxy.log) == 1


def test_a_fault_that_stays_ends_with_the_object_and_the_number_of_attempts(monkeypatch):
    began = time.monotonic()
    with pytest.raises(StoreUnavailableError, match=r"gs://b/a: the store failed \d+ times within"):
        patiently(_fails, "gs://b/a", lambda _: 0.0, seconds=1.5)
    assert time.monotonic() > began


def test_how_long_a_store_is_asked_again_can_be_said(monkeypatch):
    monkeypatch.setenv("VIDSET_STORE_SECONDS", "0.5")
    with pytest.raises(
        StoreUnavailableError, match=r"gs://b/a: the store failed \d times within 0\.5 s"
    ):
        patiently(_fails, "gs://b/a", lambda _: 0.0)


@pytest.mark.parametrize("text", ["soon", "0", "-1", "inf", "nan"])
def test_a_time_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv("VIDSET_STORE_SECONDS", text)
    with pytest.raises(ValueError, match=f"VIDSET_STORE_SECONDS: wanted .* above 0, got '{text}'"):
        patiently(_fails, "gs://b/a", lambda _: 0.0)


def _fails() -> None:
    raise ConnectionResetError("reset by the other side")
