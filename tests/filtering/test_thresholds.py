"""The masks beside what extraction itself keeps at another threshold and period."""

import math
from fractions import Fraction

import cv2
import numpy as np
import pytest

from tests.drawing import encode, scene
from tests.test_extraction import run
from tests.videos import video as video_named
from vidset.elements import Upload
from vidset.filtering import thresholds as threshold_grid
from vidset.filtering.judge import Judge, _Measured, _Sample
from vidset.filtering.similarity import compare, picture
from vidset.filtering.thresholds import COLUMNS, GRID, STRIDES, ThresholdGrid, period_number
from vidset.settings import ExtractionSettings
from vidset.video.decoding import Video
from vidset.video.pixels import DecodedFrame
from vidset.video.sampling import Sampling

THRESHOLDS = (0.5, 0.62, 0.75, 0.87, 0.9, 0.95, 0.98, 0.99, 1.0)


def kept_by_masks(extraction, stride: int, threshold: float) -> list[float]:
    bit = 1 << GRID.index(threshold)
    masks = [(row.pts_seconds, getattr(row, COLUMNS[stride])) for row in extraction.frames]
    return [pts for pts, mask in masks if mask & bit]


def sampled(path, sampling: Sampling) -> list[DecodedFrame]:
    with Video(str(path), path.name) as opened:
        return list(opened.sample(sampling))


def kept_anew(frames, sampling: Sampling, threshold: float, **settings) -> list[float]:
    """What extraction keeps of these samples: its judge decides anew, they are decoded once."""
    judge = Judge(ExtractionSettings(sampling, similarity_threshold=threshold, **settings))
    upload = Upload("gs://uploads/a.mp4", "a.mp4", "1", 1, "cam1")
    return [frame.pts_seconds for frame in frames if judge.row(upload, frame).kept]


def assert_exact(path, *, every="1", strides=STRIDES, thresholds=THRESHOLDS, **settings) -> int:
    """The number of different outcomes, so that a test can ask for a video that tells."""
    sampling = Sampling(Fraction(every))
    extraction = run(path, sampling=sampling, **settings)
    outcomes = set()
    for stride in strides:
        longer = Sampling(sampling.every * stride)
        frames = sampled(path, longer)
        for threshold in thresholds:
            anew = kept_anew(frames, longer, threshold, **settings)
            assert kept_by_masks(extraction, stride, threshold) == anew, (stride, threshold)
            outcomes.add(tuple(anew))
    return len(outcomes)


def drifting(path, seconds: int = 40, fps: int = 5, repeats: int = 1, **options):
    """From one scene to another and back, a step at each `repeats`-th frame."""
    start, end = scene(1, 160, 120).astype(float), scene(2, 160, 120).astype(float)
    frames = seconds * fps
    shares = (1 - abs(1 - 2 * (number // repeats * repeats) / frames) for number in range(frames))
    return encode(
        path, (np.uint8(start + (end - start) * each) for each in shares), fps=fps, **options
    )


@pytest.mark.parametrize("local_change", [20.0, None])
def test_masks_are_what_extraction_keeps_of_a_slow_change(tmp_path, local_change):
    """Where each threshold has last kept samples of its own."""
    path = drifting(tmp_path / "slow.mp4")
    assert assert_exact(path, local_change=local_change) > 7


@pytest.mark.parametrize(
    ("name", "every"),
    [
        pytest.param("fps_29_97.mp4", "0.1", id="29.97 fps, ten a second"),
        pytest.param("fps_12_5.mp4", "1/3", id="a period that no float is"),
        pytest.param("uneven.mp4", "1/10", id="variable frame rate"),
        pytest.param("uneven.webm", "1", id="variable frame rate, milliseconds"),
        pytest.param("gaps.mp4", "1/2", id="recording gaps"),
        pytest.param("gaps.ts", "1", id="recording gaps, transport stream"),
        pytest.param("timelapse.mp4", "1", id="timelapse"),
        pytest.param("timelapse.mkv", "4", id="timelapse, periods beside its own"),
        pytest.param("starts_at_10_s.ts", "0.3", id="starts at 10 s"),
        pytest.param("h264.h264", "0.2", id="no timestamps"),
        pytest.param("refresh.ts", "0.2", id="every frame decoded"),
        pytest.param("small_then_large.ts", "0.2", id="another size midway"),
        pytest.param("one_frame.mp4", "1", id="one frame"),
    ],
)
def test_masks_are_what_extraction_keeps_whatever_the_times(name, every):
    thresholds = (0.5, 0.8, 0.9, 0.95, 1.0)
    outcomes = assert_exact(
        video_named(name), every=every, thresholds=thresholds, local_change=None
    )
    assert outcomes > 2 or name == "one_frame.mp4"


def test_masks_know_bad_pictures(tmp_path):
    """They are kept at no threshold, compared with nothing, and still are their period's sample."""
    blurred = [cv2.GaussianBlur(scene(number), (0, 0), 12) for number in range(6)]
    pictures = [
        scene(0) // 16,
        scene(0) // 16,
        scene(1),
        blurred[1],
        scene(1),
        255 - scene(2) // 16,
    ]
    pictures += [scene(3), blurred[3], scene(3), scene(3), blurred[4], scene(3), scene(5), scene(5)]
    path = encode(tmp_path / "bad.mp4", (each for each in pictures for _ in range(10)))
    limits = {"min_brightness": 30, "max_brightness": 230, "min_sharpness": 20}
    assert assert_exact(path, thresholds=(0.5, 0.9, 1.0), **limits) > 3


def test_the_threshold_1_drops_exact_repeats_only(tmp_path):
    path = drifting(tmp_path / "repeats.mp4", seconds=20, repeats=15, crf=0)
    assert_exact(path, thresholds=(0.98, 0.99, 1.0), local_change=None)
    extraction = run(path, local_change=None)
    assert 3 < len(kept_by_masks(extraction, 1, 1.0)) < len(extraction.frames)


def test_colours_alone_count_at_the_threshold_1(tmp_path):
    """Their luma is equal: only the pixels tell that these are no repeats."""
    other = scene(1).copy()
    other[100, 100] = other[100, 100][::-1]
    pictures = [scene(1), other, other, scene(1), scene(1), other]
    path = encode(tmp_path / "still.mp4", (p for p in pictures for _ in range(10)), crf=0)
    assert_exact(path, thresholds=(0.99, 1.0), local_change=None)
    extraction = run(path, local_change=None)
    assert kept_by_masks(extraction, 1, 1.0) == [0, 1, 3, 5]
    assert kept_by_masks(extraction, 2, 1.0) == [0, 2, 4]


def test_the_masks_at_the_runs_own_threshold_say_what_it_kept(video):
    for threshold in (0.7, 0.9, 1.0):
        extraction = run(video, similarity_threshold=threshold)
        bit = 1 << GRID.index(threshold)
        assert [bool(row.kept_at & bit) for row in extraction.frames] == [
            row.kept for row in extraction.frames
        ]
        assert {row.similarity_threshold for row in extraction.frames} == {threshold}


def test_the_masks_do_not_depend_on_the_runs_own_threshold(tmp_path):
    path = drifting(tmp_path / "slow.mp4", seconds=10)
    masks = [
        [(row.kept_at, row.kept_at_2) for row in run(path, similarity_threshold=each).frames]
        for each in (0.0, 0.905, 1.5)
    ]
    assert masks[0] == masks[1] == masks[2]


def test_rows_know_their_period(video):
    extraction = run(video, sampling=Sampling(Fraction("0.5")))
    assert {row.period_seconds for row in extraction.frames} == {0.5}
    assert [row.kept_at_2 > 0 for row in extraction.frames] == [True, False] * 5


def test_with_a_tolerance_longer_periods_are_not_known(tmp_path):
    path = drifting(tmp_path / "slow.mp4", seconds=20)
    sampling = Sampling(Fraction(1), Fraction("0.4"))
    extraction = run(path, sampling=sampling, local_change=None)
    frames = sampled(path, sampling)
    for threshold in (0.6, 0.9, 0.97):
        anew = kept_anew(frames, sampling, threshold, local_change=None)
        assert kept_by_masks(extraction, 1, threshold) == anew
    assert {(row.kept_at_2, row.kept_at_5, row.kept_at_10) for row in extraction.frames} == {
        (None, None, None)
    }


def test_another_metric_has_no_masks(video):
    extraction = run(video, metric="rmse", similarity_threshold=0.05)
    assert {(row.kept_at, row.kept_at_2) for row in extraction.frames} == {(None, None)}


def test_too_many_last_kept_samples_leave_every_fifth_threshold_which_is_exact(
    tmp_path, monkeypatch
):
    path = drifting(tmp_path / "slow.mp4")
    monkeypatch.setattr(threshold_grid, "_MAX_REFERENCES", 8)
    extraction = run(path, local_change=None)
    known = 0
    for row in extraction.frames:
        known |= row.kept_at
    coarse = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
    assert [GRID[place] for place in range(51) if known >> place & 1] == list(coarse)
    assert_exact(path, thresholds=coarse, strides=(1, 2), local_change=None)


class FakeFrame:
    """What a sample needs of a frame beside its picture."""

    pts_seconds, width, height = 0.0, 320, 240

    def same_pixels(self, other) -> bool:
        return self is other


class FakeSample:
    """Like every other, but no repeat."""

    size = 320, 240

    def __init__(self, pts_seconds: float):
        self.pts_seconds, self.picture, self.frame = pts_seconds, object(), object()

    def has_changed(self, earlier) -> bool:
        return False

    def ssim(self, earlier) -> float:
        return 0.95

    def same_pixels(self, frame) -> bool:
        return False


def test_each_period_holds_one_whole_frame_and_two_pictures():
    """The first sample, kept at 0.50 to 0.95, and the last one: frames are large."""
    grid = ThresholdGrid(Sampling(Fraction(1)))
    for second in range(21):
        grid.masks(FakeSample(float(second)), is_bad=False)
    held = [chain.references for chain in grid._chains.values()]
    assert [len(references) for references in held] == [2, 2, 2, 2]
    frames = [[each.frame is not None for each in references] for references in held]
    assert frames == [[False, True]] * 4


@pytest.mark.parametrize("seed", range(4))
def test_the_local_change_alone_is_that_of_the_whole_comparison(seed):
    """To the last bit: a limit of just this much is not exceeded, one a little lower is."""
    random = np.random.default_rng(seed)
    grey = np.full((120, 160, 2), 128, np.uint8)
    lumas = [random.integers(0, 256, (240, 320), np.uint8) for _ in range(2)]
    earlier = picture(lumas[0], grey)
    change = compare(earlier, picture(lumas[1], grey)).local_change
    for limit, expected in ((change, False), (math.nextafter(change, 0), True)):
        assert (
            _Sample(FakeFrame(), _Measured.of(lumas[1], grey), limit).has_changed(earlier)
            is expected
        )


@pytest.mark.parametrize(
    ("seconds", "every", "expected"),
    [
        pytest.param(0.0, "1", 0, id="the start"),
        pytest.param(0.3, "1/10", 3, id="0.3 as a float is below 3/10"),
        pytest.param(1001 * 7 / 30000, "1001/30000", 7, id="a frame of 29.97 fps"),
        pytest.param(86399.9, "1/10", 863999, id="a day"),
        pytest.param(2.999999999, "1", 2, id="a nanosecond before"),
        pytest.param(2.5, "0.7", 3, id="in between"),
    ],
)
def test_a_times_number_is_that_of_the_exact_time(seconds, every, expected):
    assert period_number(seconds, Fraction(every)) == expected


@pytest.mark.parametrize("every", ["1/30", "1001/30000", "0.1", "1/3"])
def test_every_multiple_of_a_period_has_its_number(every):
    exact = Fraction(every)
    assert [period_number(float(k * exact), exact) for k in range(5000)] == list(range(5000))


@pytest.mark.slow
@pytest.mark.parametrize("local_change", [20.0, None])
@pytest.mark.parametrize(
    "name",
    [
        "static_cardetection_432p12_5.mp4",
        *(
            pytest.param(name, marks=pytest.mark.chaos)
            for name in (
                "static_onebyone_432p10_139s.mp4",
                "gopro_karma_480p_fullrange.mp4",
                "drive_solidYellowLeft_540p25_bframes.mp4",
                "phone_rot270_720p2997.mp4",
            )
        ),
    ],
)
def test_masks_are_what_extraction_keeps_of_real_videos(name, local_change, shared_videos):
    thresholds = (0.6, 0.8, 0.9, 0.96, 1.0)
    assert_exact(shared_videos / name, thresholds=thresholds, local_change=local_change)
