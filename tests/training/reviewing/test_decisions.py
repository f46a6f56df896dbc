import pytest

from vidset.datasets.curation.fixes import Fix
from vidset.training.reviewing.categories import Category
from vidset.training.reviewing.decisions import count_decisions, percent

CATEGORIES = (Category("label wrong", "relabel"), Category("dim", "preprocess"))


def fixes(number, action="keep", category=None):
    label = "x" if action == "relabel" else None
    return [Fix("ab", "1.png", action, label, category)] * number


@pytest.mark.parametrize(
    ("part", "whole", "wanted"),
    [
        pytest.param(28, 798, 3.5, id="28 of 798"),
        pytest.param(1, 3, 33.3, id="a third"),
        pytest.param(0, 0, 0.0, id="of nothing"),
        pytest.param(5, 5, 100.0, id="all"),
    ],
)
def test_percentages_are_percentages(part, whole, wanted):
    assert percent(part, whole) == wanted


def test_a_review_is_counted_by_category_remedy_and_action():
    given = [
        *fixes(28, "relabel", "label wrong"),
        *fixes(70, category="dim"),
        *fixes(700),
    ]
    assert count_decisions(given, 1000, CATEGORIES) == {
        "shown": 1000,
        "decided": 798,
        "undecided": 202,
        "right": {"images": 700, "percent": 87.7},
        "categories": [
            {"name": "dim", "remedy": "preprocess", "images": 70, "percent": 8.8},
            {"name": "label wrong", "remedy": "relabel", "images": 28, "percent": 3.5},
        ],
        "remedies": {
            "relabel": {"images": 28, "percent": 3.5},
            "preprocess": {"images": 70, "percent": 8.8},
        },
        "actions": {
            "relabel": {"images": 28, "percent": 3.5},
            "remove": {"images": 0, "percent": 0.0},
            "keep": {"images": 770, "percent": 96.5},
        },
    }
