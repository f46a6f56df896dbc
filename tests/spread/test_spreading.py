"""One video on several processes gives what one process gives, byte for byte."""

import os
import pickle
import signal
from fractions import Fraction

import pytest

from tests.chaos.counts import some
from tests.drawing import write_video
from tests.test_extraction import FakeStore
from tests.videos import video
from vidset import extraction
from vidset.elements import Upload
from vidset.settings import extraction_settings
from vidset.spread import spreading
from vidset.spread.spreading import Spread
from vidset.video.decoding import DecodingElsewhereError, Video
from vidset.video.packets import plan_packets
from vidset.video.sampling import Sampling
from vidset.video.segments import part_of, split

SAMPLES_EACH = some([3, 1, 7])


def run(path, monkeypatch=None, helpers=1, each=None, **options):
    """The rows, the images, and in how many samples other processes had a part."""
    spread = []

    class Small(Spread):
        def decode(self, plan):
            given = self.path, self.uri, self.video, self.settings
            small = Spread(*given, helpers, min_samples=2, samples_each=each)
            for sample in small.decode(plan):
                spread.append(sample[0])
                yield sample

    if monkeypatch is not None:
        monkeypatch.setattr(extraction, "Spread", Small)
    store = FakeStore()
    upload = Upload(str(path), path.name, "0" * 16, path.stat().st_size)
    settings = extraction_settings({"every": "0.3", **options})
    found = extraction.extract(upload, str(path), settings, store, cores=helpers)
    return found, store.images, len(spread)


@pytest.mark.parametrize("each", SAMPLES_EACH)
@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("h264_faststart.mp4", {}, id="h264"),
        pytest.param("h264_faststart.mp4", {"similarity_threshold": 2}, id="all kept"),
        pytest.param("h264_faststart.mp4", {"tolerance": "0.2"}, id="tolerance"),
        pytest.param("open_gop.mp4", {}, id="open groups"),
        pytest.param("hevc_faststart.mp4", {}, id="hevc"),
        pytest.param("vp9.webm", {}, id="vp9"),
        pytest.param("av1_faststart.mp4", {}, id="av1"),
        pytest.param("h264.ts", {}, id="ts"),
        pytest.param("refresh.mp4", {}, id="gradual refresh"),
        pytest.param("gaps.mp4", {}, id="gaps"),
        pytest.param("small_then_large_from_0.ts", {}, id="larger"),
        pytest.param("large_then_small_from_0.ts", {}, id="smaller"),
    ],
)
def test_segments_give_the_same(name, options, each, monkeypatch):
    path = video(name)
    whole, images, _ = run(path, **options)
    spread, same_images, _ = run(path, monkeypatch, helpers=2, each=each, **options)
    assert spread == whole
    assert same_images == images


def test_segments_are_decoded_elsewhere(monkeypatch):
    """Else the tests above would compare a thing with itself."""
    _, _, count = run(video("h264_faststart.mp4"), monkeypatch, helpers=2, each=3)
    assert count == len(run(video("h264_faststart.mp4"))[0].frames)


@pytest.mark.parametrize("each", SAMPLES_EACH)
@pytest.mark.parametrize("name", ["h264_faststart.mp4", "hevc_faststart.mp4", "h264.ts"])
def test_damage_is_the_same(name, each, tmp_path, monkeypatch):
    data = bytearray(video(name).read_bytes())
    start = len(data) // 2
    data[start : start + len(data) // 10] = bytes(len(data) // 10)
    path = tmp_path / name
    path.write_bytes(data)
    whole, images, _ = run(path)
    assert whole.video.status == "partial"
    spread, same_images, _ = run(path, monkeypatch, helpers=3, each=each)
    assert (spread, same_images) == (whole, images)


@pytest.mark.parametrize("each", SAMPLES_EACH)
def test_what_stands_still_is_the_same(each, tmp_path, monkeypatch):
    """Repeats are compared pixel by pixel, with samples that other processes decoded."""
    path = write_video(tmp_path / "a.mp4", scenes=[0, 0, 0, 1, 1, 0, 0, 0, 0, 0], fps=10)
    for threshold in 0.9, 1:
        options = {"every": "0.5", "similarity_threshold": threshold}
        whole, images, _ = run(path, **options)
        spread, same_images, _ = run(path, monkeypatch, helpers=2, each=each, **options)
        assert (spread, same_images) == (whole, images)


def test_segments_part_the_plan():
    with Video(str(video("h264_faststart.mp4")), "a") as opened:
        packets, time_base = opened.packets, opened._file.time_base
    plan = plan_packets(packets, time_base, Sampling(Fraction(1, 2)))
    assert plan is not None
    segments = split(plan, packets, 2)
    assert len(segments) > 2
    assert segments[0].begin == 0
    assert segments[-1].end == len(plan.feed)
    assert [each.is_last for each in segments] == [False] * (len(segments) - 1) + [True]
    covered = sum(int(plan.feed[each.begin : each.end].sum()) for each in segments)
    assert covered == int(plan.feed.sum())


def test_a_helper_gets_no_more_than_its_part():
    """Whatever is sent with each segment grows with the segment, not with the video."""
    with Video(str(video("h264_faststart.mp4")), "a") as opened:
        packets = opened.packets
        plan = opened.plan(Sampling(Fraction(1, 2)))
    assert plan is not None
    for segment in split(plan, packets, 2)[1:]:
        part = part_of(plan, packets, segment)
        length = segment.end - segment.begin
        assert len(part.packets.pts) == len(part.plan.feed) == len(part.plan.wanted) == length
        assert part.latest_before == packets.pts[: segment.begin].max()
        assert part.plan.starts[0] == 0
        assert len(pickle.dumps(part)) < 2000 + 16 * length


def test_a_helper_that_dies_leaves_the_work_to_the_one_that_asked(monkeypatch):
    monkeypatch.setattr(spreading, "open_helper", _dying)
    whole, images, _ = run(video("h264_faststart.mp4"))
    spread, same_images, count = run(video("h264_faststart.mp4"), monkeypatch, helpers=2, each=3)
    assert (spread, same_images, count) == (whole, images, 0)


def _dying(*_: object) -> None:
    """What a helper opens in place of the video: its process is ended as by a broken decoder."""
    os.kill(os.getpid(), signal.SIGSEGV)


def test_a_short_video_is_not_spread():
    path = video("h264_faststart.mp4")
    with Video(str(path), "a") as opened:
        plan = plan_packets(
            opened.packets, opened._file.time_base, extraction_settings({}).sampling
        )
        assert plan is not None
        with pytest.raises(DecodingElsewhereError):
            next(iter(Spread(str(path), "a", opened, extraction_settings({}), 2).decode(plan)))
