"""How fast, how long, and from which bytes: the parts of an upload that need no server."""

import hashlib
import os

import google_crc32c
import pytest

from vidset.upload.errors import SourceChangedError, TransientError, UploadFailedError
from vidset.upload.identity import Identity
from vidset.upload.pacing import Body, Pace
from vidset.upload.patience import Patience
from vidset.upload.source import Digests, Source, block_bytes

MIB, GIB = 1 << 20, 1 << 30


class Clock:
    """Sleeping is what makes its time go on."""

    def __init__(self):
        self.now, self.pauses = 0.0, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds


@pytest.mark.parametrize("slices", [10, 1000])
def test_a_pace_holds_its_rate_whatever_the_size_of_the_slices(slices):
    clock = Clock()
    pace = Pace(1_000_000, clock, clock.sleep)
    for _ in range(slices):
        pace.take(10_000_000 // slices)
    assert clock.now == pytest.approx(10)


def test_a_pause_gives_no_more_than_a_quarter_of_a_second_in_advance():
    clock = Clock()
    pace = Pace(1_000_000, clock, clock.sleep)
    clock.now = 3600
    pace.take(1_250_000)
    assert clock.now == pytest.approx(3601)


def test_without_a_rate_nothing_waits():
    clock = Clock()
    Pace(None, clock, clock.sleep).take(1 << 40)
    assert clock.pauses == []


def test_a_body_gives_its_bytes_in_slices_and_tells_of_each():
    told, data = [], bytes(range(256)) * 1000
    body = Body(memoryview(data), Pace(None), told.append)
    assert len(body) == 256_000
    parts = iter(lambda: body.read(1 << 20), b"")
    assert b"".join(parts) == data
    assert told == [65536, 65536, 65536, 59392]


def test_patience_waits_ever_longer_and_no_two_alike():
    clock = Clock()
    patience = Patience(1e9, clock, clock.sleep)
    for _ in range(9):
        patience.wait(TransientError("down"))
    longest = [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert all(most / 2 <= each <= most for each, most in zip(clock.pauses, longest, strict=True))
    assert len(set(clock.pauses)) == 9


def test_patience_ends_after_its_seconds_without_progress():
    clock = Clock()
    patience = Patience(100, clock, clock.sleep)
    with pytest.raises(UploadFailedError, match=r"^down \(attempt \d+, for 100 s\)"):
        _fail_for_ever(patience)
    assert 40 < clock.now <= 100


def _fail_for_ever(patience):
    while True:
        patience.wait(TransientError("down"))


def test_patience_starts_anew_with_progress():
    clock = Clock()
    patience = Patience(100, clock, clock.sleep)
    for _ in range(500):
        clock.now += 3600  # However long the block took.
        patience.wait(TransientError("down"))
        patience.progressed()
    assert max(clock.pauses) <= 1


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        pytest.param(1, 8 * MIB, id="small"),
        pytest.param(78 * GIB, 8 * MIB, id="78 GiB"),
        pytest.param(100 * GIB, 11 * MIB, id="100 GiB"),
        pytest.param(5 << 40, 525 * MIB, id="5 TiB"),
    ],
)
def test_blocks_are_no_more_than_s3_takes_parts(size, expected):
    assert block_bytes(size) == expected
    assert -(-size // expected) <= 10_000


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.ts"
    path.write_bytes(os.urandom(9 * MIB))
    return path


def test_a_source_is_hashed_whole_and_by_block(path):
    data, told = path.read_bytes(), []
    with Source(path) as source:
        digests = source.digest(told.append)
        assert bytes(source.read(8 * MIB + 10, 9 * MIB, digests)) == data[8 * MIB + 10 :]
    blocks = [hashlib.sha256(part).digest() for part in (data[: 8 * MIB], data[8 * MIB :])]
    crc32c = google_crc32c.Checksum(data).digest()
    assert digests == Digests(hashlib.sha256(data).digest(), crc32c, b"".join(blocks))
    assert told == [8 * MIB, MIB]


def test_a_source_that_is_written_while_it_is_hashed_is_refused(path):
    def write(_):
        with path.open("ab") as file:
            file.write(b"x")

    with Source(path) as source, pytest.raises(SourceChangedError, match="changed while it was"):
        source.digest(write)


def test_a_block_of_other_bytes_is_not_given(path):
    before = path.stat()
    with Source(path) as source:
        digests = source.digest(lambda _: None)
        with path.open("r+b") as file:
            file.write(b"others")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        source.identity = Identity.of(path.stat())  # As if the clock of the disk had stood still.
        assert len(source.read(8 * MIB, 9 * MIB, digests)) == MIB
        with pytest.raises(SourceChangedError, match="its bytes are others"):
            source.read(0, 8 * MIB, digests)
