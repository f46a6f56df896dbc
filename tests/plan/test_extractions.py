"""What is planned beside fresh extractions."""

# pyright: reportArgumentType=false
from fractions import Fraction

import cv2
import pytest

from tests.cli.called import vidset
from tests.drawing import encode, scene
from tests.filtering.test_thresholds import drifting
from tests.test_extraction import run
from tests.videos import video as video_named
from vidset.filtering.thresholds import GRID, STRIDES
from vidset.ledger.open import open_ledger
from vidset.plan.counts import count
from vidset.video.sampling import Sampling


def assert_plan_is_what_extractions_give(place, paths, thresholds, every="1", **settings):
    sampling = Sampling(Fraction(every))
    open_ledger(str(place)).commit(run(path, sampling=sampling, **settings) for path in paths)
    counts = count(str(place))
    assert not counts.unplanned
    by_uri = {video.video_uri: video for video in counts.videos}
    assert set(by_uri) == set(map(str, paths))
    for stride in STRIDES:
        longer = Sampling(sampling.every * stride)
        for threshold in thresholds:
            anew = {
                str(path): run(
                    path, sampling=longer, similarity_threshold=threshold, **settings
                ).video.kept
                for path in paths
            }
            row, column = STRIDES.index(stride), GRID.index(threshold)
            assert {uri: each.images[row, column] for uri, each in by_uri.items()} == anew
            assert counts.images[row, column] == sum(anew.values())


@pytest.mark.parametrize("local_change", [20.0, None])
@pytest.mark.parametrize(
    ("thresholds", "seconds"),
    [
        pytest.param((0.8, 0.95), 12, id="few"),
        pytest.param((0.5, 0.8, 0.95, 1.0), 30, id="all", marks=pytest.mark.chaos),
    ],
)
def test_the_plan_of_a_ledger_is_what_extractions_give(tmp_path, local_change, thresholds, seconds):
    names = ("gaps.mp4", "uneven.mp4", "timelapse.mp4", "fps_29_97.mp4")
    paths = [*map(video_named, names), drifting(tmp_path / "slow.mp4", seconds=seconds)]
    assert_plan_is_what_extractions_give(
        tmp_path / "out", paths, thresholds, "1/2", local_change=local_change
    )


def test_the_plan_of_a_ledger_with_bad_pictures_is_what_extractions_give(tmp_path):
    pictures = [scene(0) // 16, scene(1), cv2.GaussianBlur(scene(1), (0, 0), 12), scene(1)]
    pictures += [scene(2), scene(2), scene(3) // 16, scene(2), scene(4), scene(4)]
    paths = [
        encode(tmp_path / "bad.mp4", (each for each in pictures for _ in range(10))),
        encode(tmp_path / "dark.mp4", (scene(0) // 16 for _ in range(30))),
    ]
    limits = {"min_brightness": 30, "max_brightness": 230, "min_sharpness": 20}
    assert_plan_is_what_extractions_give(tmp_path / "out", paths, (0.5, 0.9, 1.0), **limits)


@pytest.mark.slow
@pytest.mark.parametrize(
    "thresholds",
    [
        pytest.param((0.9,), id="one"),
        pytest.param((0.7, 0.9, 0.97), id="three", marks=pytest.mark.chaos),
    ],
)
def test_the_plan_of_real_videos_is_what_extractions_give(shared_videos, tmp_path, thresholds):
    names = ("static_onebyone_432p10_139s.mp4", "gopro_karma_480p_fullrange.mp4")
    paths = [shared_videos / name for name in names]
    assert_plan_is_what_extractions_give(tmp_path / "out", paths, thresholds)


@pytest.mark.slow
def test_the_command_tells_what_another_extraction_gives(tmp_path):
    path = drifting(tmp_path / "slow.mp4", seconds=8)
    limit = ("--local-change", "off")
    vidset("extract", path, *limit, "--every", "1/2", "--output", tmp_path / "out")
    ended = vidset("plan", tmp_path / "out", "--json")
    assert (ended.code, ended.err) == (0, "")
    settings = {
        (each["period_seconds"], each["similarity"]): each["images"]
        for each in ended.found["settings"]
    }
    assert len(settings) == 4 * 51
    for every, threshold in ((0.5, 0.9), (1.0, 0.7), (2.5, 0.95)):
        other = ("--every", every, "--similarity", threshold)
        anew = vidset("extract", path, *limit, *other, "--output", tmp_path / f"{every}", "--json")
        assert settings[every, threshold] == anew.found["kept"]
