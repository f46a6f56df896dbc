"""What is no video is told apart by its message; what is one is bounded before it is decoded."""

import struct
import zipfile

import pytest

from tests.drawing import write_video
from vidset.errors import UndecodableVideoError
from vidset.video.decoding import Video


def reason_of(path) -> str:
    with pytest.raises(UndecodableVideoError) as raised, Video(str(path), "uri"):
        pass
    return raised.value.reason


@pytest.fixture
def mp4(tmp_path):
    return write_video(tmp_path / "a.mp4", scenes=[0, 1, 2])


def test_an_empty_file_says_so(tmp_path):
    (tmp_path / "a.mp4").touch()
    assert reason_of(tmp_path / "a.mp4") == "not a readable video: the file is empty"


def test_a_zip_archive_says_so(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.mp4", "w") as archive:
        archive.writestr("video.mp4", "x")
    assert reason_of(tmp_path / "a.mp4") == "not a readable video: it is a ZIP archive"


@pytest.mark.parametrize("text", ["#EXTM3U\nhttp://x/a.ts\n", '<?xml version="1.0"?><MPD></MPD>'])
def test_a_playlist_says_so(text, tmp_path):
    (tmp_path / "a.mp4").write_text(text)
    assert "a playlist, which names videos and holds none" in reason_of(tmp_path / "a.mp4")


def test_a_picture_says_so(tmp_path):
    import cv2
    import numpy as np

    for extension in "jpg", "png":
        path = tmp_path / f"a.{extension}"
        cv2.imwrite(str(path), np.zeros((64, 64, 3), np.uint8))
        assert reason_of(path) == "not a readable video: it is a picture"


def test_a_recording_without_an_index_says_so(mp4):
    data = mp4.read_bytes()
    mp4.write_bytes(data[: data.index(b"moov") - 4])
    assert "it has no index (moov)" in reason_of(mp4)


@pytest.mark.parametrize("table", ["stsz", "stts", "ctts"])
def test_an_index_that_claims_more_frames_than_a_file_can_hold_is_refused(table, mp4):
    data = bytearray(mp4.read_bytes())
    place = data.index(table.encode()) + 8
    if table == "stsz":
        data[place : place + 8] = struct.pack(">II", 1000, 80_000_000)
    else:
        data[place + 4 : place + 8] = struct.pack(">I", 80_000_000)
    mp4.write_bytes(data)
    assert "its index claims" in reason_of(mp4)


def rebuilt(data: bytes, tables: dict[bytes, bytes]) -> bytes:
    """Boxes with these contents in place of theirs, at whatever depth."""
    whole, place = b"", 0
    while place < len(data):
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        body = data[place + 8 : place + size]
        if kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
            body = rebuilt(body, tables)
        body = tables.get(kind, body)
        whole += struct.pack(">I4s", len(body) + 8, kind) + body
        place += size
    return whole


def test_an_index_that_names_the_same_bytes_over_and_over_is_refused(mp4):
    """4,000 chunks with one offset: each of them could be read, and none is too long."""
    data, chunks = mp4.read_bytes(), 4000
    place = data.index(b"stco") + 12
    tables = {
        b"stsc": struct.pack(">IIIII", 0, 1, 1, 1, 1),
        b"stsz": struct.pack(">III", 0, 0, chunks) + struct.pack(">I", len(data) // 2) * chunks,
        b"stco": struct.pack(">II", 0, chunks) + data[place : place + 4] * chunks,
        b"stts": struct.pack(">IIII", 0, 1, chunks, 512),
        b"ctts": struct.pack(">IIII", 0, 1, chunks, 0),
    }
    mp4.write_bytes(rebuilt(data, tables))
    assert reason_of(mp4) == "its index names the same bytes over and over"
