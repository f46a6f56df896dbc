"""Which frames are samples, on plain arrays."""

from fractions import Fraction

import numpy as np
import pytest

from vidset.video.sampling import Sampling

MILLISECOND = Fraction(1, 1000)


def chosen(ticks, every, time_base=Fraction(1), keyframes=(), tolerance="0"):
    sampling = Sampling(Fraction(every), Fraction(tolerance))
    ticks = np.array(ticks, np.int64)
    return sampling.choose(ticks, np.isin(ticks, keyframes), time_base).tolist()


@pytest.mark.parametrize(
    ("ticks", "every", "expected"),
    [
        pytest.param([0, 400, 800, 1200, 1600, 2000], 1, [0, 3, 5], id="the first at or after"),
        pytest.param([0, 999, 1000, 1001], 1, [0, 2], id="on the tick"),
        pytest.param([0, 5000, 10000], 1, [0, 1, 2], id="timelapse: each frame once"),
        pytest.param([0, 500, 8300, 8900, 9100], 1, [0, 2, 4], id="a gap is not filled"),
        pytest.param([0, 33, 67], 1, [0], id="shorter than the period"),
        pytest.param([0], 1, [0], id="one frame"),
        pytest.param([], 1, [], id="no frames"),
        pytest.param([0, 100, 200, 300, 400, 500, 600, 700], "0.1", list(range(8)), id="0.1 s"),
        pytest.param([0, 299, 300, 600, 899, 900], "0.3", [0, 2, 3, 5], id="0.3 s"),
    ],
)
def test_a_sample_is_the_first_frame_at_or_after_each_multiple_of_the_period(
    ticks, every, expected
):
    assert chosen(ticks, every, MILLISECOND) == expected


def test_29_97_frames_a_second_do_not_drift_in_ten_hours():
    # A frame lasts 1001 / 30000 s: frame 30000 is shown at 1001 s exactly, 30 frames make 1.001 s.
    ticks = np.arange(36_000 * 30, dtype=np.int64) * 1001
    indices = chosen(ticks, 1, Fraction(1, 30000))
    assert indices[:4] == [0, 30, 60, 90]
    assert indices[1000:1003] == [29971, 30000, 30030]
    assert indices[35 * 1001] == 35 * 30000
    assert len(indices) == 36_036  # 1,080,000 frames last 36,036 s.


def test_a_period_that_no_float_holds_does_not_drift():
    # Three frames in each period of 0.1 s: every third frame, for a million of them.
    assert chosen(range(0, 3_000_000, 1), "0.1", Fraction(1, 30)) == list(range(0, 3_000_000, 3))


def test_times_beyond_64_bits_are_exact():
    # A period of 30/7 s: 7 * t / 30 overflows. At t, t + 4 as many periods are over, at t + 5 not.
    t = 30 * 2**57
    assert 7 * t > 2**63
    assert chosen([0, t, t + 4, t + 5], Fraction(30, 7)) == [0, 1, 3]


@pytest.mark.parametrize(
    ("ticks", "time_base", "every", "expected"),
    [
        pytest.param(0, MILLISECOND, 1, 0, id="the first"),
        pytest.param(2999, MILLISECOND, 1, 2, id="just before"),
        pytest.param(3000, MILLISECOND, 1, 3, id="just on time"),
        pytest.param(3, Fraction(1, 10), "0.1", 3, id="0.3 / 0.1 is 3"),
        pytest.param(2**80, Fraction(1, 2**70), 1, 1024, id="beyond 64 bits"),
    ],
)
def test_number_counts_the_periods_that_are_over(ticks, time_base, every, expected):
    assert Sampling(Fraction(every)).number(ticks, time_base) == expected


@pytest.mark.parametrize(
    ("keyframes", "tolerance", "expected"),
    [
        # Frames at 0, 200, 400 ... 3200 ms: the samples are 0, 5, 10 and 15.
        pytest.param([0, 800, 2200], "0", [0, 5, 10, 15], id="none allowed"),
        pytest.param([0, 800, 2200], "0.2", [0, 4, 11, 15], id="the one before, the one after"),
        pytest.param([0, 600, 2600], "0.3", [0, 5, 10, 15], id="none near enough"),
        pytest.param([0, 800, 1200], "0.2", [0, 4, 10, 15], id="of two as near the earlier"),
        pytest.param([0, 800, 1000], "0.4", [0, 5, 10, 15], id="the nearest"),
        pytest.param([200, 1000], "0.4", [0, 5, 10, 15], id="the first frame stays"),
        pytest.param([1400], "0.6", [0, 7, 15], id="one for two"),
        pytest.param([], "0.4", [0, 5, 10, 15], id="no keyframes"),
    ],
)
def test_within_the_tolerance_a_sample_is_the_nearest_keyframe(keyframes, tolerance, expected):
    ticks = range(0, 3400, 200)
    assert chosen(ticks, 1, MILLISECOND, keyframes, tolerance) == expected


@pytest.mark.parametrize(
    ("every", "tolerance", "message"),
    [
        pytest.param("0", "0", "period must be > 0 s, got 0 s", id="no period"),
        pytest.param("-1", "0", "period must be > 0 s, got -1 s", id="negative period"),
        pytest.param("1", "-0.1", r"tolerance must be >= 0 s .* got -0.1 s", id="negative"),
        pytest.param("1", "1", r"below the period \(1 s\), got 1 s", id="a whole period"),
    ],
)
def test_a_wrong_period_or_tolerance_is_a_wrong_configuration(every, tolerance, message):
    with pytest.raises(ValueError, match=message):
        Sampling(Fraction(every), Fraction(tolerance))
