"""What is sent when a store falls back, a link is slow, or a session is refused."""

import pytest

from vidset.upload.delivering import Delivering
from vidset.upload.destination import Piece, Target, next_in_order
from vidset.upload.errors import (
    GaveUpError,
    RefusedError,
    SessionRefusedError,
    TimedOutError,
    TransientError,
    UploadFailedError,
)
from vidset.upload.pacing import Pace
from vidset.upload.patience import Patience
from vidset.upload.source import Source
from vidset.upload.state import State

MIB = 1 << 20
SIZE = 8 * MIB


class Store:
    """A destination in memory. `fault` gets each piece and may raise; what is kept may shrink."""

    def __init__(self, fault=lambda store, piece: None, keep=lambda offset: offset):
        self.fault, self.keep = fault, keep
        self.offset, self.pieces, self.sessions, self.seconds = 0, [], 0, []
        self.dead = set()

    unasked_bytes = 0

    def wait_for(self, seconds):
        self.seconds.append(seconds)

    def find(self, target):
        return "absent"

    def open(self, target, source, token, remember):
        if token in self.dead:
            raise TransientError("503", is_answer=True)
        if token is None:
            self.sessions += 1
            self.offset = 0
            remember(f"session-{self.sessions}")
        return Session(self, target)


class Session:
    smallest_piece_bytes = 256 << 10

    def __init__(self, store, target):
        self.store, self.target = store, target

    @property
    def received_bytes(self):
        return self.store.offset

    def next_piece(self) -> Piece | None:
        return next_in_order(self.store.offset, self.target.size_bytes, 8 * MIB)

    def send(self, piece, body):
        while body.read():
            pass
        self.store.pieces.append(piece.end - piece.start)
        self.store.fault(self.store, piece)
        self.store.offset = self.store.keep(piece.end)

    def finish(self):
        return True

    def close(self):
        pass


@pytest.fixture
def deliver(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"x" * SIZE)
    state = State(tmp_path / "state", lambda *_: None)

    def run(store, why_not=lambda: None, seconds=1000.0):
        clock = [0.0]

        def sleep(pause):
            clock[0] += pause

        with Source(path) as source:
            digests = source.digest(lambda _: None)
            target = Target("cam1/a.mp4", "video/mp4", {}, SIZE, digests)
            delivering = Delivering(
                "gs://b/cam1/a.mp4",
                "gs://b/",
                target,
                source,
                store,
                state,
                Pace(None),
                Patience(seconds, lambda: clock[0], sleep),
                lambda _: None,
                why_not,
            )
            try:
                return delivering.run(), delivering.sent_bytes
            finally:
                run.sent = delivering.sent_bytes

    yield run
    state.close()


def test_a_store_that_falls_back_again_and_again_is_not_sent_more_than_twice(deliver):
    def fall_back(store, piece):
        store.offset = 0
        raise TransientError("fell back", is_answer=True)

    with pytest.raises(GaveUpError, match=r"bytes were sent of a recording of 8,388,608"):
        deliver(Store(fall_back), seconds=1e9)
    assert deliver.sent <= 2 * SIZE


def test_after_a_timeout_pieces_are_smaller_and_that_is_remembered(deliver):
    def buffer(store, piece):
        if piece.end - piece.start > MIB:
            raise TimedOutError("no answer")

    first = Store(buffer)
    delivery, _ = deliver(first)
    assert delivery.state == "uploaded"
    assert first.pieces[0] == SIZE
    assert max(first.pieces[2:]) <= MIB
    assert first.seconds[-1] > 60
    again = Store(buffer)
    deliver(again)
    assert max(again.pieces) <= MIB


def test_a_session_that_is_refused_is_replaced_once(deliver):
    def refuse_the_first(store, piece):
        if store.sessions == 1:
            raise SessionRefusedError("403")

    store = Store(refuse_the_first)
    delivery, _ = deliver(store)
    assert (delivery.state, store.sessions) == ("uploaded", 2)


def test_a_second_session_that_is_refused_is_the_recordings_failure(deliver):
    def refuse(store, piece):
        raise RefusedError("403")

    store = Store(refuse)
    with pytest.raises(UploadFailedError, match="a second upload is refused as well: 403"):
        deliver(store)
    assert store.sessions == 2


def test_a_session_that_a_store_answers_with_5xx_is_replaced(deliver):
    def die(store, piece):
        if store.sessions == 1:
            store.dead = {"session-1"}
            raise TransientError("503", is_answer=True)

    store = Store(die)
    delivery, _ = deliver(store)
    assert (delivery.state, store.sessions) == ("uploaded", 2)


def test_nothing_is_sent_to_a_place_whose_disk_is_away(deliver):
    store = Store()
    with pytest.raises(GaveUpError, match="its disk is not there"):
        deliver(store, why_not=lambda: "its disk is not there", seconds=5)
    assert store.pieces == []
