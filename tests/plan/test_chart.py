import cv2
import numpy as np

from tests.cli.called import vidset
from vidset.plan.budget import Budget
from vidset.plan.chart import draw_chart
from vidset.plan.counts import count
from vidset.plan.plan import make_plan

GREEN, BLUE, RED = (62, 207, 122), (96, 165, 250), (239, 83, 80)


def test_the_chart_shows_every_period_and_the_budget(ledger, tmp_path):
    path = tmp_path / "plan.png"
    arguments = ("--price", "0.1", "--budget", "0.35 USD", "--chart", path, "--json")
    assert vidset("plan", ledger, *arguments).code == 0
    picture = cv2.imread(str(path))[..., ::-1]
    assert picture.shape == (700, 1200, 3)
    plan = make_plan(count(str(ledger)), 3)
    assert np.array_equal(picture, draw_chart(plan, Budget(0.1, 0.35)))
    assert not list(tmp_path.glob("*.partial"))
    # The field is 510 high; 5 images of at most 5 at the top, the own period's line on it.
    assert tuple(picture[110, 1000]) == GREEN
    assert tuple(picture[620 - 510 * 3 // 5, 200]) == GREEN
    assert tuple(picture[620 - 510 * 2 // 5, 200]) not in (GREEN, RED)
    assert (picture == RED).all(axis=2).any()
    without = draw_chart(make_plan(count(str(ledger)), None), Budget(0.1))
    assert not (without == RED).all(axis=2).any()


def test_a_threshold_stands_in_the_middle_below_its_mark(ledger):
    picture = draw_chart(make_plan(count(str(ledger)), None), Budget(0.1))
    # The mark of 0.75 is at 600, in the middle of the field.
    drawn = (picture[632:652, 560:640] != picture[699, 0]).any(axis=(0, 2)).nonzero()[0] + 560
    assert abs((drawn[0] + drawn[-1]) / 2 - 600) <= 2
