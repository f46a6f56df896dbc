"""A folder as a destination: what is written is read back before it counts."""

import errno
import os

import pytest

from vidset.upload import folder
from vidset.upload.destination import Target
from vidset.upload.errors import RefusedError, TransientError, UploadFailedError
from vidset.upload.folder import FolderDestination
from vidset.upload.pacing import Body, Pace
from vidset.upload.settings import Place
from vidset.upload.source import Source

MIB = 1 << 20


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"recorded" * MIB + b"and more")
    with Source(path) as source:
        yield source


@pytest.fixture
def target(source):
    name = "cam1/2025-03-04/a.mp4"
    return Target(name, "video/mp4", {}, source.size_bytes, source.digest(lambda _: None))


def send_all(session, source, target):
    while (piece := session.next_piece()) is not None:
        data = source.read(piece.start, piece.end, target.digests)
        session.send(piece, Body(data, Pace(None), lambda _: None))


@pytest.mark.parametrize(("place", "good"), [(0, 0), (8 * MIB + 3, 8 * MIB)])
def test_a_disk_that_keeps_other_bytes_gets_them_again(tmp_path, source, target, place, good):
    root = tmp_path / "uploads"
    root.mkdir()
    session = FolderDestination(Place("file", str(root))).open(target, source, None, lambda _: None)
    send_all(session, source, target)
    (partial,) = root.rglob(".partial/*")
    with partial.open("r+b") as file:  # As a bad disk, or another program, would.
        file.seek(place)
        file.write(b"X")
    with pytest.raises(TransientError, match="does not read back as it was written"):
        session.finish()
    assert not (root / target.name).exists()
    assert session.received_bytes == good
    send_all(session, source, target)
    assert session.finish()
    session.close()
    assert (root / target.name).read_bytes() == source.path.read_bytes()


@pytest.mark.parametrize(
    ("number", "expected", "said"),
    [
        (errno.EINVAL, RefusedError, "Invalid argument: this disk may not take such a name"),
        (errno.EFBIG, UploadFailedError, "File too large"),
        (errno.ENOSPC, TransientError, "No space left on device"),
    ],
)
def test_what_a_disk_never_takes_is_not_tried_for_minutes(number, expected, said):
    with pytest.raises(expected, match=said), folder._as_ours():
        raise OSError(number, os.strerror(number), "aux")
