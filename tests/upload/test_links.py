"""Proxies that hold back what is sent, before real servers."""

import threading

import pytest

from tests.upload import stores
from tests.upload.gcs_front import GcsFront
from tests.upload.proxy import Answer, running
from tests.upload.recordings import MIB
from tests.upload.s3_front import S3Front
from tests.upload.stores import is_bytes
from vidset.upload.link import LARGEST_PIECE_BYTES, Link
from vidset.upload.state import State

pytestmark = [pytest.mark.emulator, pytest.mark.slow]
SIZE = 3 * MIB // 2


def remember(folder, place, link):
    """What the way to this place could carry last time: a shorter wait than at first."""
    state = State(folder, lambda *_: None)
    state.keep_link(place, link)
    state.close()


def remembered(folder, place):
    state = State(folder, lambda *_: None)
    link = state.link(place)
    state.close()
    return link


class Large(GcsFront):
    """Passes nothing on of requests with more than 1 MiB, and does not answer them."""

    def __init__(self, upstream):
        super().__init__(upstream)
        self.released = threading.Event()

    def respond(self, request):
        if is_bytes(request) and len(request.body) > MIB:
            self.released.wait(600)
            return Answer(504)
        return super().respond(request)


class Slow(S3Front):
    """Passes on what it was sent only to one who waits for its answer for longer than that."""

    def __init__(self, upstream):
        super().__init__(upstream)
        self.seconds, self.waits, self.done = 3.0, 2, threading.Event()

    def respond(self, request):
        if is_bytes(request) and self.waits:
            self.waits -= 1
            self.done.wait(600)
            return Answer(504)
        if is_bytes(request):
            self.done.wait(self.seconds)
        return super().respond(request)


def test_smaller_pieces_pass_a_proxy_that_holds_back_large_ones(gcs, card, tmp_path):
    place, folder = "gs://uploads/", tmp_path / "state"
    remember(folder, place, Link(LARGEST_PIECE_BYTES, 2.0))
    with running(Large(gcs.url.removeprefix("http://"))) as proxy:
        store = stores.cloud_storage(gcs, proxy)
        data = card.record("a.mp4", SIZE)
        card.upload(store, until=lambda: card.left() == [])
        proxy.released.set()
        assert list(store.objects().values()) == [data]
        first, *others = [len(each.body) for each in proxy.sent(is_bytes)]
        assert first == SIZE
        assert max(others) <= MIB
        link = remembered(folder, place)
        assert (link.piece_bytes <= MIB, link.timeout_seconds >= 4) == (True, True)
        again = card.record("b.mp4", SIZE, seed=2)
        before = len(proxy.sent(is_bytes))
        card.upload(store, until=lambda: card.left() == [])
        assert sorted(store.objects().values()) == sorted([data, again])
        assert max(len(each.body) for each in proxy.sent(is_bytes)[before:]) <= MIB


def test_a_longer_wait_passes_a_proxy_that_answers_late(s3, card, tmp_path):
    """A piece is a part on S3: it cannot be smaller, so that only patience helps."""
    place, folder = "s3://uploads/", tmp_path / "state"
    remember(folder, place, Link(LARGEST_PIECE_BYTES, 1.0))
    with running(Slow(s3.url.removeprefix("http://"))) as proxy:
        store = stores.s3_bucket(s3, proxy)
        data = card.record("a.mp4")
        try:
            card.upload(store, until=lambda: card.left() == [])
        finally:
            proxy.done.set()
        assert list(store.objects().values()) == [data]
        assert len(proxy.sent(is_bytes)) >= 3
    assert remembered(folder, place).timeout_seconds >= 4
