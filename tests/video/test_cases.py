"""Small videos of kinds that people report: what comes out of each."""

import subprocess
import sys

import pytest

from tests.paths import ROOT, SHARED
from vidset.elements import Upload
from vidset.errors import UndecodableVideoError
from vidset.extraction import extract
from vidset.settings import extraction_settings

CASES = SHARED / "cases" / "videos"
if not CASES.is_dir():
    pytest.skip(f"the cases are not here: no folder {CASES}", allow_module_level=True)


class _NoStore:
    parallel_writes = 1

    def put_once(self, name, data, content_type, metadata):
        return True

    def read(self, name):
        raise FileNotFoundError(name)

    def uri(self, name):
        return name

    place = uri


def run(name):
    path = CASES / name
    upload = Upload(str(path), name, "0" * 16, path.stat().st_size)
    settings = extraction_settings({"similarity_threshold": 2})
    return extract(upload, str(path), settings, _NoStore())


@pytest.mark.parametrize(
    ("name", "status", "error", "seconds", "size"),
    [
        pytest.param("mjpeg_exif.avi", "done", None, [0, 1, 2], (320, 240), id="side data"),
        pytest.param(
            "skydio_thumb_track_first.mov",
            "done",
            None,
            [0, 1, 2, 3, 4, 5],
            (320, 240),
            id="tracks",
        ),
        pytest.param(
            "glitch_future.mp4",
            "partial",
            "1 frames have times far from those of their neighbours",
            [0, 1, 2, 3, 4, 5, 9802.8],
            (320, 240),
            id="a stray time",
        ),
        pytest.param("raw.mjpeg", "done", None, [0, 1, 2, 3], (320, 240), id="a row of JPEGs"),
        pytest.param(
            "obs_crash_cut.mkv",
            "partial",
            "cut short: the file ended prematurely, in the middle of a frame",
            [0, 1, 2, 3],
            (320, 240),
            id="a live recording that was cut",
        ),
        pytest.param(
            "stsz_one_bit.mp4",
            "partial",
            "cut short: the header promises 75 frames, 30 are there",
            [0, 1],
            (320, 180),
            id="one bit of an index",
        ),
    ],
)
def test_a_video_of_this_kind_gives(name, status, error, seconds, size):
    extraction = run(name)
    video = extraction.video
    assert (video.status, video.error, (video.width, video.height)) == (status, error, size)
    assert [row.pts_seconds for row in extraction.frames] == seconds


def test_damaged_hevc_is_told_and_gives_no_garbage():
    """Whole pictures begin at 0, 2 and 4 s; what follows the damage up to the next is left out."""
    extraction = run("hevc_damaged_6.mp4")
    assert extraction.video.status == "partial"
    assert [row.pts_seconds for row in extraction.frames] == [0, 2.1, 3, 4]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("cenc.mp4", "the video is encrypted", id="encrypted"),
        pytest.param(
            "tall70000.mkv",
            "its pictures have 16 x 70000 pixels, and a JPEG holds 65500 on a side",
            id="too tall",
        ),
        pytest.param("index_bomb_71kB.mp4", "its index claims 80000000 frames", id="bomb"),
    ],
)
def test_a_video_of_this_kind_fails(name, reason):
    with pytest.raises(UndecodableVideoError, match=reason):
        run(name)


def test_an_index_that_claims_what_cannot_be_takes_no_memory():
    program = (
        "import sys; from vidset.video.decoding import Video\n"
        "try: Video(sys.argv[1], 'uri')\n"
        "except Exception as error: print(type(error).__name__)\n"
        # Not ru_maxrss, which has the peak of the process that this one was made from.
        "lines = open('/proc/self/status').read().splitlines()\n"
        "print(next(line.split()[1] for line in lines if line.startswith('VmHWM')))"
    )
    command = [sys.executable, "-c", program, CASES / "index_bomb_71kB.mp4"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    name, kilobytes = ended.stdout.split()
    assert name == "UndecodableVideoError"
    assert int(kilobytes) < 300_000
