"""MJPEG pictures that end before their data do: damaged ones are told, and no intact one is."""

import io

import av
import cv2
import numpy as np
import pytest

from tests.chaos.counts import times
from tests.damaged import found_in
from tests.decoded import samples
from tests.oracle import run as tool
from tests.videos import video
from vidset.video.mjpeg import of_whole_blocks, with_another_end

_PLAIN = [cv2.IMWRITE_JPEG_QUALITY, 75]


def jpegs(width: int = 320, height: int = 180, *, grey: bool = False, how=_PLAIN) -> list[bytes]:
    """A noisy picture, a black and a white one."""
    noisy = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    pictures = [noisy, np.zeros_like(noisy), np.full_like(noisy, 255)]
    pictures = [cv2.cvtColor(each, cv2.COLOR_BGR2GRAY) for each in pictures] if grey else pictures
    return [cv2.imencode(".jpg", each, how)[1].tobytes() for each in pictures]


def written(pictures: list[bytes], path):
    """As an AVI holds them."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25, options={"strict": "unofficial"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuvj420p"
        for number, data in enumerate(pictures):
            packet = av.Packet(data)
            packet.pts = packet.dts = number
            packet.stream, packet.is_keyframe = stream, True
            container.mux(packet)
    return path


@times(6, 40)
def test_most_damaged_pictures_are_told(count, tmp_path):
    found = found_in(video("mjpeg.avi"), count, tmp_path, every=0.03, places=1)
    assert found.done_with_garbage <= count // 3


@pytest.mark.parametrize("pixels", ["yuvj420p", "yuvj422p", "yuvj444p"])
@pytest.mark.parametrize("size", ["320:240", "322:182", "64:17", "333:251"])
@pytest.mark.parametrize("quality", ["1", "31"])
def test_intact_pictures_of_any_size_are_not(pixels, size, quality, tmp_path):
    """What is black shows nothing of its last blocks, if they lie beyond the margin."""
    path = tmp_path / "a.mov"
    black = f"scale={size},drawbox=c=black:t=fill:y=ih/2"
    tool(
        *("ffmpeg", "-v", "error", "-i", video("mjpeg.avi"), "-t", "0.5", "-vf", black),
        *("-c:v", "mjpeg", "-pix_fmt", pixels, "-q:v", quality, path),
    )
    found = samples(path, 0.001)
    assert (found.damage, len(found.seconds)) == (None, 15)


@pytest.mark.parametrize(
    "how",
    [
        _PLAIN,
        [cv2.IMWRITE_JPEG_QUALITY, 100],
        [cv2.IMWRITE_JPEG_RST_INTERVAL, 4],
        [cv2.IMWRITE_JPEG_OPTIMIZE, 1],
        [cv2.IMWRITE_JPEG_PROGRESSIVE, 1],
        [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440],
    ],
    ids=["plain", "fine", "restarts", "optimized", "progressive", "4:4:0"],
)
@pytest.mark.parametrize("end", [b"\xff\xd9", bytes(9) + b"\xff\xd9", b"\xff\xd9\0\0\0", b""])
def test_intact_pictures_of_any_make_are_not(how, end, tmp_path):
    pictures = [each[:-2] + end for each in jpegs(how=how)]
    found = samples(written(pictures, tmp_path / "a.avi"), 0.001)
    assert (found.damage, len(found.seconds)) == (None, 3)


def test_a_picture_that_ends_too_early_is_told(tmp_path):
    first, _, last = jpegs()
    # Coded data that nobody reads: as if the blocks had come to their end before.
    early = first[:-2] + b"\x12\x34\x56\x78" * 5 + first[-2:]
    found = samples(written([first, early, last], tmp_path / "a.avi"), 0.001)
    assert found.damage == "decoding: a picture ends before its data do"
    assert found.seconds == [0, 0.08]


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize(("size", "blocks"), [((320, 176), (320, 176)), ((321, 181), (336, 192))])
def test_a_picture_of_whole_blocks_is_larger_by_less_than_one(size, blocks, grey):
    whole = of_whole_blocks(jpegs(*size, grey=grey)[0])
    assert whole is not None
    shown = cv2.imdecode(np.frombuffer(whole, np.uint8), cv2.IMREAD_UNCHANGED)
    block = 8 if grey else 16
    assert (shown.shape[1], shown.shape[0]) == tuple(-(-each // block) * block for each in size)
    assert grey or (shown.shape[1], shown.shape[0]) == blocks


def test_what_is_no_picture_of_one_scan_is_left_alone():
    whole = jpegs()[0]
    progressive = jpegs(how=[cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[0]
    assert with_another_end(progressive) is of_whole_blocks(progressive) is None
    for cut in range(0, 700, 7):
        with_another_end(whole[:cut])
        of_whole_blocks(whole[:cut])
    for data in (b"", b"\xff", b"\xff\xd8\xff", io.BytesIO(whole).read(300)):
        assert with_another_end(data) is None
