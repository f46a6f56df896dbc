import hashlib
from importlib.metadata import version

import av
import cv2
import numpy as np
import pytest

from tests.drawing import encode, scene, write_video
from vidset.elements import Upload
from vidset.errors import UndecodableVideoError
from vidset.extraction import extract, failed
from vidset.settings import ExtractionSettings


class FakeStore:
    """Images in memory. With `parallel_writes` > 1 they are written by threads, as to a bucket."""

    def __init__(self, parallel_writes=1):
        self.parallel_writes, self.images = parallel_writes, {}

    def put_once(self, name, data, content_type, metadata):
        assert content_type == "image/jpeg"
        return self.images.setdefault(name, data) is data

    def read(self, name):
        return self.images[name]

    def uri(self, name):
        return f"gs://images/{name}"

    def place(self, name):
        return f"images/{name}"


def run(path, store=None, **settings):
    upload = Upload(str(path), path.name, "0123456789abcdef", path.stat().st_size, "cam1")
    return extract(upload, str(path), ExtractionSettings(**settings), store or FakeStore())


def reasons(extraction):
    return [row.reason for row in extraction.frames]


def test_a_repeat_is_dropped_and_the_rest_is_stored(video):
    store = FakeStore()
    extraction = run(video, store)
    assert reasons(extraction) == ["kept", "kept", "kept", "near_duplicate", "kept"]
    assert [row.pts_seconds for row in extraction.frames] == [0, 1, 2, 3, 4]
    assert list(store.images) == [
        f"drive/0123456789abcdef/000000{second}000.jpg" for second in (0, 1, 2, 4)
    ]
    for row, number in zip(extraction.frames, [0, 1, 2, 2, 4], strict=True):
        if row.image_uri is None:
            assert (row.image_id, row.image_sha256) == (None, None)
            continue
        data = store.images[row.image_uri.removeprefix("gs://images/")]
        assert row.image_sha256 == hashlib.sha256(data).hexdigest()
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
        assert np.abs(picture.astype(int) - scene(number)).mean() < 6


def test_the_video_row_sums_up(video):
    row = run(video).video
    assert (row.samples, row.kept, row.status, row.error) == (5, 4, "done", None)
    assert (row.width, row.height, row.rotation, row.codec) == (320, 240, 0, "h264")
    assert row.duration_seconds == pytest.approx(5.0)
    assert (row.collector_id, row.generation) == ("cam1", "0123456789abcdef")


def test_likeness_is_with_the_last_kept_sample(tmp_path):
    """A slow change is kept once it has added up, however small each step is."""
    start, end = scene(1).astype(float), scene(2).astype(float)
    steps = (np.uint8(start + (end - start) * min(1, index // 10 / 20)) for index in range(20 * 10))
    extraction = run(encode(tmp_path / "slow.mp4", steps), local_change=None)
    kept = [row.pts_seconds for row in extraction.frames if row.kept]
    assert 2 <= len(kept) < 15
    assert extraction.frames[0].ssim is None
    assert all(row.ssim >= 0.9 for row in extraction.frames if row.reason == "near_duplicate")


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        pytest.param(1.0, ["kept", "near_duplicate", "kept"], id="1.0 drops exact repeats"),
        pytest.param(1.1, ["kept", "kept", "kept"], id="above 1 keeps everything"),
        pytest.param(0.0, ["kept", "near_duplicate", "near_duplicate"], id="0 keeps the first"),
    ],
)
def test_the_threshold_has_its_ends(tmp_path, threshold, expected):
    # Without loss, so that a repeat is exact; at 2 s one pixel's colour changes, and no luma.
    other = scene(1).copy()
    other[100, 100] = other[100, 100][::-1]
    pictures = [scene(1)] * 20 + [other] * 10
    path = encode(tmp_path / "still.mp4", pictures, crf=0)
    extraction = run(path, similarity_threshold=threshold, local_change=None)
    assert reasons(extraction) == expected


def test_bad_pictures_are_dropped_by_reason_and_never_compared_with(tmp_path):
    sharp = scene(1)
    blurred = cv2.GaussianBlur(sharp, (0, 0), 12)
    dark, bright = sharp // 16, 255 - sharp // 16
    pictures = [dark, sharp, blurred, sharp, bright]
    path = encode(tmp_path / "bad.mp4", (each for each in pictures for _ in range(10)))
    extraction = run(path, min_brightness=30, max_brightness=230, min_sharpness=20)
    assert reasons(extraction) == ["dark", "kept", "blurred", "near_duplicate", "bright"]
    assert extraction.frames[1].ssim is None  # The dark one was not kept.


def test_bad_pictures_are_kept_by_default(tmp_path):
    path = encode(tmp_path / "dark.mp4", [scene(1) // 16] * 10)
    assert reasons(run(path)) == ["kept"]


@pytest.mark.parametrize("parallel_writes", [1, 4])
def test_doing_it_twice_gives_the_same_rows_and_images(video, parallel_writes):
    store = FakeStore(parallel_writes)
    first = run(video, store)
    images = dict(store.images)
    assert run(video, store) == first
    assert store.images == images


def test_an_image_that_is_there_stays_and_is_what_the_row_says(video):
    store = FakeStore()
    store.images["drive/0123456789abcdef/0000000000.jpg"] = b"written before"
    row = run(video, store).frames[0]
    assert row.image_sha256 == hashlib.sha256(b"written before").hexdigest()


def test_a_failing_store_fails_the_extraction(video):
    class Full(FakeStore):
        def put_once(self, name, data, content_type, metadata):
            raise OSError("disk full")

    for parallel_writes in (1, 4):
        with pytest.raises(OSError, match="disk full"):
            run(video, Full(parallel_writes))


def test_a_cut_video_gives_its_frames_and_says_so(tmp_path):
    whole = write_video(tmp_path / "whole.mkv", scenes=range(10))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    video = run(cut).video
    assert video.status == "partial"
    assert video.error is not None
    assert "cut short: the header says 10.0" in video.error
    assert 3 <= video.samples <= 7


def test_what_is_no_video_is_bad_input(tmp_path):
    text = tmp_path / "text.mp4"
    text.write_text("not a video")
    with pytest.raises(UndecodableVideoError, match=r"text\.mp4: not a readable video") as raised:
        run(text)
    upload = Upload(str(text), "text.mp4", "1", 11)
    row = failed(upload, ExtractionSettings(), raised.value).video
    assert (row.status, row.samples, row.size_bytes) == ("failed", 0, 11)
    assert row.error.startswith("not a readable video")


def test_another_metric_decides_in_its_own_way(video):
    extraction = run(video, metric="rmse", similarity_threshold=0.05, local_change=None)
    assert reasons(extraction) == ["kept", "kept", "kept", "near_duplicate", "kept"]
    assert extraction.frames[3].ssim < 0.05 < extraction.frames[4].ssim


def test_a_video_row_says_what_wrote_it():
    error = UndecodableVideoError("no video stream", "a.mp4")
    row = failed(Upload("a.mp4", "a.mp4", "1"), ExtractionSettings(), error).video
    assert row.vidset_version == version("vidset")
    assert row.decoder_version == f"PyAV {version('av')}, FFmpeg {av.ffmpeg_version_info}"
