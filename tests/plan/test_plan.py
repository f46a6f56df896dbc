"""Which settings are planned, and which one is recommended."""

import pytest

from tests.plan.ledgers import FROM_90, extraction
from vidset.ledger.open import open_ledger
from vidset.plan.budget import Budget
from vidset.plan.counts import count
from vidset.plan.plan import Setting, choose, make_plan, seconds

OWN = Setting(1, None, 100)
SETTINGS = (
    Setting(1, 0.8, 60), Setting(1, 0.85, 60), Setting(1, 0.95, 150),
    Setting(2, 0.85, 60), Setting(2, 0.95, 90), Setting(5, 0.8, 20),
)  # fmt: skip


@pytest.mark.parametrize(
    ("affordable", "expected"),
    [
        pytest.param(None, None, id="no budget"),
        pytest.param(1000, OWN, id="as extracted, though more would fit"),
        pytest.param(100, OWN, id="as extracted, just"),
        pytest.param(99, Setting(1, 0.85, 60), id="not above the own threshold"),
        pytest.param(59, Setting(5, 0.8, 20), id="a longer period"),
        pytest.param(19, None, id="nothing fits"),
    ],
)
def test_the_recommendation_is_the_finest_setting_that_fits(affordable, expected):
    assert choose(OWN, SETTINGS, affordable, highest=0.9) == expected


def test_a_budget_pays_for_whole_images():
    assert Budget(0.1, 0.3).affordable == 3  # 0.3 / 0.1 is 2.9999999999999996.
    assert Budget(0.08, 0.39).affordable == 4


@pytest.mark.parametrize(
    ("period", "stride", "expected"),
    [(1.0, 1, "1"), (1.0, 10, "10"), (0.1, 5, "0.5"), (1 / 30, 1, "1/30"), (1 / 30, 2, "1/15")],
)
def test_a_period_is_written_as_the_option_takes_it(period, stride, expected):
    assert seconds(period, stride) == expected


def test_thresholds_that_one_video_does_not_know_are_left_out(ledger):
    fifths = sum(1 << place for place in range(0, 51, 5))
    masks = [(fifths,) * 4, (fifths & FROM_90, 0, 0, 0)]
    open_ledger(str(ledger)).commit([extraction("/sunset.mp4", masks, kept=2)])
    plan = make_plan(count(str(ledger)), None)
    known = [each.threshold for each in plan.settings if each.stride == 1]
    assert known == [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0]
    assert [each.images for each in plan.settings if each.stride == 1] == [4] * 8 + [7] * 3
