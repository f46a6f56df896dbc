"""Times and pixels of real videos against ffprobe and ffmpeg. Damaged ones: see the next module."""

import io
from fractions import Fraction

import numpy as np
import pytest

from tests import oracle
from tests.chaos.counts import but, some
from tests.decoded import picture_hash, samples
from tests.real_videos import write_beginning
from tests.videos import ALIKE, INTACT, video
from vidset.video.decoding import Video
from vidset.video.sampling import Sampling

REAL_VIDEOS = [
    "drive_carnd_test1_720p25_bframes.mp4",
    "drive_solidYellowLeft_540p25_bframes.mp4",
    "firstpts10s_800x640_bpyr.mp4",
    "gopro_karma_480p_fullrange.mp4",
    "phone_rot270_720p2997.mp4",
    "static_cardetection_432p12_5.mp4",
    "static_cars_720p30_bframes.mp4",
    "static_onebyone_432p10_139s.mp4",
]
# Where the packets do not tell what to decode: no presentation times (bare streams, AVI unless no
# frame can be reordered), keyframes that are none (gradual refresh).
DECODED_IN_FULL = {
    *("packed.avi", "b_frames.avi", "b_frames_h264.avi", "h264.avi", "h264.h264", "hevc.hevc"),
    *("refresh.mp4", "refresh.mkv", "refresh.ts"),
}


@pytest.mark.parametrize("name", but(ALIKE, INTACT))
def test_samples_are_those_of_ffprobe_and_ffmpeg(name):
    path = video(name)
    found = samples(path, 0.1)
    assert found.seconds == oracle.shown(path).seconds(Fraction(1, 10))
    assert found.damage is None
    assert_close(found.pictures, oracle.pictures(path, oracle.shown(path).samples(Fraction(1, 10))))


@pytest.mark.parametrize("name", but(ALIKE, INTACT))
def test_planned_decoding_gives_the_frames_of_a_full_decode(name):
    assert_plans_agree(video(name), oracle.shown(video(name)))


@pytest.mark.parametrize("name", but(ALIKE, (n for n in INTACT if n not in DECODED_IN_FULL)))
def test_a_plan_is_followed_to_its_end(name, monkeypatch):
    monkeypatch.setattr(Video, "_decode_all", lambda *_: pytest.fail("it decodes every frame"))
    assert samples(video(name), 1).seconds


@pytest.mark.parametrize("name", some(REAL_VIDEOS, one_of=5))
def test_planned_decoding_of_real_videos_gives_the_frames_of_a_full_decode(name, shared_videos):
    assert_plans_agree(shared_videos / name, oracle.shown(shared_videos / name))


@pytest.mark.slow
@pytest.mark.chaos
def test_planned_decoding_of_a_long_real_video_gives_the_frames_of_a_full_decode(
    shared_videos, tmp_path
):
    path = write_beginning(shared_videos, tmp_path)
    assert_plans_agree(path, oracle.shown_by_packets(path), periods=[1])


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        # Frame 30 of 29.97 a second is the first after 1 s: 30 * 1001 / 30000.
        pytest.param("fps_29_97.mp4", [0, 1.001, 2.002, 3.003, 4.004], id="29.97 fps"),
        # Matroska rounds to milliseconds: 1.001 is 24 frames of 1001 / 24000.
        pytest.param("fps_23_976.mkv", [0, 1.001, 2.002, 3.003, 4.004], id="23.976 fps"),
        pytest.param("fps_12_5.mp4", [0, 1.04, 2, 3.04, 4, 5.04], id="12.5 fps"),
        # After 0.8 s comes 20.83 s, after 21.97 s 29.3 s. No frame stands for 1 to 20 s.
        pytest.param("gaps.mp4", [0, 20 + 25 / 30, 21, 29.3, 30], id="gaps"),
        pytest.param("timelapse.mp4", list(range(0, 60, 5)), id="slower than the period"),
        pytest.param("starts_at_10_s.ts", [0, 1, 2], id="first pts not 0"),
        pytest.param("cut_on_a_keyframe.mp4", [0, 1], id="edit list"),
        pytest.param("one_frame.mp4", [0], id="one frame"),
    ],
)
def test_times_count_from_the_first_frame_shown(name, seconds):
    assert samples(video(name), 1).seconds == pytest.approx(seconds, abs=1e-4)


def test_an_hour_does_not_drift():
    path = video("hour.mp4")
    with Video(str(path), "hour.mp4") as opened:
        found = [frame.pts_seconds for frame in opened.sample(Sampling(Fraction(1)))]
    assert found == oracle.shown_by_packets(path).seconds(Fraction(1))
    assert len(found) == 3600
    assert all(0 <= second - k < 0.0334 for k, second in enumerate(found))


@pytest.mark.parametrize(
    ("name", "size", "rotation", "ratio"),
    [
        pytest.param("no_b_frames.mp4", (160, 120), 0, "1:1", id="upright"),
        pytest.param("turned_90.mov", (120, 160), 90, "1:1", id="turned by 90"),
        pytest.param("turned_180.mp4", (160, 120), 180, "1:1", id="turned by 180"),
        pytest.param("turned_270.mp4", (120, 160), 270, "1:1", id="turned by 270"),
        pytest.param("odd_turned.mp4", (121, 161), 270, "1:1", id="odd and turned"),
        pytest.param("odd.webm", (161, 121), 0, "1:1", id="odd"),
        pytest.param("pixels_4_3.mp4", (160, 120), 0, "4:3", id="wide pixels, mp4"),
        # Matroska keeps the size for display in whole pixels: 213x120.
        pytest.param("pixels_4_3.webm", (160, 120), 0, "213:160", id="wide pixels, webm"),
    ],
)
def test_info_tells_the_upright_size_the_rotation_and_the_pixels_shape(name, size, rotation, ratio):
    found = samples(video(name), 1)
    assert set(found.sizes) == {size}
    assert (found.info.width, found.info.height) == size
    assert found.info.rotation == rotation == oracle.rotation(video(name))
    assert found.info.sample_aspect_ratio == ratio


@pytest.mark.parametrize(
    ("name", "container", "codec", "duration"),
    [
        pytest.param("fps_29_97.mp4", "mov,mp4,m4a,3gp,3g2,mj2", "h264", 5.005, id="mp4"),
        pytest.param("hevc.mkv", "matroska,webm", "hevc", 3, id="mkv"),
        pytest.param("vp9.webm", "matroska,webm", "vp9", 3, id="webm"),
        pytest.param("av1.mp4", "mov,mp4,m4a,3gp,3g2,mj2", "av1", 3, id="av1"),
        pytest.param("mpeg4.avi", "avi", "mpeg4", 3, id="avi"),
        pytest.param("starts_at_10_s.ts", "mpegts", "h264", 3, id="ts"),
        pytest.param("gaps.mp4", "mov,mp4,m4a,3gp,3g2,mj2", "h264", 30.3, id="gaps"),
        pytest.param("h264.h264", "h264", "h264", None, id="no times"),
    ],
)
def test_info_tells_the_container_the_codec_and_the_duration(name, container, codec, duration):
    info = samples(video(name), 1).info
    assert (info.container, info.codec) == (container, codec)
    assert info.duration_seconds == pytest.approx(duration, abs=0.002)


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        # The second part's times go on, start again at the first's, or lie before them.
        pytest.param("small_then_large.ts", 4 * [(96, 64)] + 4 * [(192, 128)], id="goes on"),
        pytest.param("small_then_large_from_0.ts", 4 * [(96, 64)] + 4 * [(192, 128)], id="again"),
        pytest.param("large_then_small_from_0.ts", 4 * [(192, 128)] + 4 * [(96, 64)], id="back"),
    ],
)
def test_a_resolution_that_changes_gives_frames_of_both_sizes(name, sizes):
    found = samples(video(name), 0.5)
    assert found.sizes == sizes
    assert found.seconds == pytest.approx([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5])
    for part in ("small.ts", "large.ts"):
        indices = oracle.shown(video(part)).samples(Fraction(1, 2))
        pictures = [p for p in found.pictures if p.shape[1] == oracle.stream(video(part))["width"]]
        assert_close(pictures, oracle.pictures(video(part), indices))


@pytest.mark.parametrize("name", ["h264_faststart.mp4", "h264.ts", "h264.avi"])
def test_a_closed_video_keeps_its_facts_and_is_opened_again(name):
    with Video(str(video(name)), "a") as opened:
        info = opened.info
        opened.close()
        assert opened.info == info
        times = [frame.pts_seconds for frame in opened.sample(Sampling(Fraction(1, 2)))]
    assert times == list(samples(video(name), 0.5).seconds)


def test_a_stream_that_appears_on_the_way_is_passed_over():
    found = samples(video("small_then_sound.ts"), 0.5)
    assert found.sizes[:4] == 4 * [(96, 64)]
    assert set(found.sizes[4:]) == {(192, 128)}


def test_a_file_object_is_read_like_a_path():
    path = video("b_pyramid.mp4")
    with Video(io.BytesIO(path.read_bytes()), "memory") as opened:
        pictures = [frame.rgb() for frame in opened.sample(Sampling(Fraction(1)))]
    assert np.array_equal(pictures, samples(path, 1).pictures)


@pytest.mark.parametrize(
    ("tolerance", "seconds"),
    [
        # Keyframes stand at 0, 1.001, 2.002, 3.003, 4.004 s; every 0.8 s one is due.
        pytest.param("0.1", [0, 0.8008, 1.6016, 2.4024, 3.2032, 4.004, 4.8048], id="at 4 s"),
        pytest.param(
            "0.21", [0, 1.001, 1.6016, 2.4024, 3.003, 4.004, 4.8048], id="also at 0.8 and 3.2 s"
        ),
    ],
)
def test_with_a_tolerance_a_keyframe_near_by_is_the_sample(tolerance, seconds):
    sampling = Sampling(Fraction("0.8"), Fraction(tolerance))
    with Video(str(video("fps_29_97.mp4")), "fps_29_97.mp4") as opened:
        found = [frame.pts_seconds for frame in opened.sample(sampling)]
    assert found == pytest.approx(seconds, abs=1e-4)


def hashes(path, every, *, decoding_all=False):
    """As of `samples`, with one picture in memory at a time: real videos have gigabytes."""
    with Video(str(path), path.name) as opened:
        if decoding_all:
            opened._frames = opened._decode_all
        frames = opened.sample(Sampling(Fraction(str(every))))
        return {frame.pts_seconds: picture_hash(frame.rgb()) for frame in frames}


def assert_plans_agree(path, shown, periods=(0.1, 0.5, 1)):
    """The samples of each period are among those of the first, of which it is a multiple."""
    full = hashes(path, periods[0], decoding_all=True)
    for every in periods:
        plan = hashes(path, every)
        assert list(plan) == shown.seconds(Fraction(str(every)))
        assert plan == {seconds: full[seconds] for seconds in plan}, f"every {every} s"


def assert_close(ours, expected):
    """Within 2 levels of ffmpeg's on the mean of each channel, and nearly everywhere within 3."""
    assert len(ours) == len(expected)
    differences = np.abs(np.stack(ours).astype(np.int16) - expected)
    assert differences.mean(axis=(0, 1, 2)).max() <= 2
    assert np.percentile(differences, 99) <= 3
