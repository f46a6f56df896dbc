"""What a recording is, by its content; and whether its recorder has finished it."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest

from tests.videos import video
from vidset.upload.containers import is_closed
from vidset.upload.errors import UploadFailedError
from vidset.upload.probing import probe, time_of

needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None, reason="get it with: apt-get install ffmpeg"
)
CHANGED_AT = datetime(2025, 3, 4, 23, 30, tzinfo=UTC)


def copied(path: Path, to: Path) -> Path:
    shutil.copy(path, to)
    os.utime(to, (CHANGED_AT.timestamp(), CHANGED_AT.timestamp()))
    return to


@needs_ffmpeg
@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("h264.mov", "mov"),
        ("fps_50.mp4", "mp4"),
        ("h264_fragments.mp4", "mp4"),
        ("h264.mkv", "mkv"),
        ("vp9.webm", "webm"),
        ("h264.ts", "ts"),
        ("h264.avi", "avi"),
        ("mpeg2.mpg", "mpg"),
        ("h264.flv", "flv"),
        ("h264.h264", "h264"),
        ("hevc.hevc", "h265"),
        ("mjpeg.avi", "avi"),
    ],
)
def test_the_extension_is_that_of_the_content(tmp_path, name, extension):
    found = probe(copied(video(name), tmp_path / "misnamed.txt"))
    assert (found.extension, found.problem) == (extension, None)


@pytest.mark.parametrize(
    ("said", "recorded_at"),
    [
        pytest.param("2024-05-06T01:30:00+02:00", "2024-05-05T23:30:00", id="in UTC"),
        pytest.param("1904-01-01T00:00:00Z", "2025-03-04T23:30:00", id="clock never set"),
        pytest.param("1970-01-01T00:00:00Z", "2025-03-04T23:30:00", id="clock at its start"),
        pytest.param(None, "2025-03-04T23:30:00", id="not said"),
    ],
)
def test_the_time_is_the_container_s_or_the_file_s(tmp_path, said, recorded_at):
    path = tmp_path / "made.mp4"
    with av.open(str(path), "w") as container:
        if said:
            container.metadata["creation_time"] = said
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode())
    found = probe(copied(path, tmp_path / "a.mp4"))
    assert found.recorded_at == datetime.fromisoformat(recorded_at).replace(tzinfo=UTC)


@needs_ffmpeg
@pytest.mark.parametrize(
    ("make", "problem"),
    [
        pytest.param(lambda: b"nonsense", "not a readable video: ", id="nonsense"),
        pytest.param(
            lambda: video("fps_50.mp4").read_bytes()[:-200], "not a readable video: ", id="no index"
        ),
        pytest.param(
            lambda: b"#EXTM3U\n#EXT-X-ENDLIST\n", "not a readable video: ", id="a playlist"
        ),
        pytest.param(
            lambda: video("sound.mp4").read_bytes(), "there is no video stream", id="sound"
        ),
        pytest.param(
            lambda: video("sound_with_cover.m4a").read_bytes(),
            "there is no video stream",
            id="sound with a cover",
        ),
    ],
)
def test_what_does_not_decode_is_told_with_the_reason(tmp_path, make, problem):
    path = tmp_path / "a.MP4"
    path.write_bytes(make())
    found = probe(path)
    assert found.problem is not None
    assert found.problem.startswith(problem)
    assert found.extension in ("mp4", "mov")


@needs_ffmpeg
def test_what_is_cut_short_and_begins_well_is_worth_uploading(tmp_path):
    for name in "h264_faststart.mp4", "h264.ts", "h264.mkv":
        whole = video(name).read_bytes()
        path = tmp_path / name
        path.write_bytes(whole[: len(whole) // 2])
        assert probe(path).problem is None


@pytest.mark.parametrize(
    ("mtime", "expected"),
    [
        pytest.param(1_700_000_000.5, "2023-11-14T22:13:20.500000+00:00", id="now"),
        pytest.param(-1e12, "1970-01-01T00:00:00+00:00", id="before Christ"),
        pytest.param(1e12, "1970-01-01T00:00:00+00:00", id="in 31,000 years"),
    ],
)
def test_a_file_may_have_any_time(mtime, expected):
    assert time_of(mtime).isoformat() == expected


def test_what_is_not_there_fails(tmp_path):
    with pytest.raises(UploadFailedError, match="cannot be read: No such file or directory"):
        probe(tmp_path / "none.mp4")


@needs_ffmpeg
@pytest.mark.parametrize(
    ("name", "cut", "closed"),
    [
        pytest.param("fps_50.mp4", 0, True, id="mp4"),
        pytest.param("fps_50.mp4", 100, False, id="mp4, index cut"),
        pytest.param("fps_50.mp4", 8000, False, id="mp4, index missing"),
        pytest.param("h264_faststart.mp4", 0, True, id="index first"),
        pytest.param("h264_faststart.mp4", 1, False, id="index first, cut"),
        pytest.param("h264.mov", 1, False, id="mov, cut"),
        pytest.param("h264_fragments.mp4", 0, True, id="fragments"),
        pytest.param("h264_fragments.mp4", 1, False, id="fragments, cut"),
        pytest.param("h264.ts", 0, True, id="ts"),
        pytest.param("h264.ts", 1000, True, id="ts may end anywhere"),
        pytest.param("h264.mkv", 1000, True, id="mkv may end anywhere"),
        pytest.param("h264.avi", 1000, True, id="avi may end anywhere"),
    ],
)
def test_an_mp4_is_closed_once_its_index_and_all_its_boxes_are_there(tmp_path, name, cut, closed):
    data = video(name).read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: len(data) - cut])
    assert is_closed(path) is closed


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\0\0\0\x18ftypisom" + bytes(12) + b"\0\0\0\0mdat" + bytes(999), id="ffmpeg"),
        pytest.param(b"\0\0\0\x18ftypmp42" + bytes(12) + b"\0\0\0\1mdat" + bytes(99), id="64 bits"),
        pytest.param(b"\0\0\0\x18ftypisom" + bytes(12), id="only its first box"),
        pytest.param(b"\0\0\0\x18ft", id="a few bytes"),
    ],
)
def test_an_mp4_that_is_being_written_is_not_closed(tmp_path, data):
    path = tmp_path / "a.mp4"
    path.write_bytes(data)
    assert is_closed(path) is False
