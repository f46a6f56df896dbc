"""Curves of precision and recall, and AP by size, as the page gets them."""

import pytest

from tests.training.scoring.runs import classified, detected, make_run, make_version
from vidset.datasets.errors import DatasetError
from vidset.project import find_project
from vidset.view.curves import MOST_POINTS, read_curves


def box(x: float, score: float | None = None) -> dict:
    thing = {"label": "car", "box": {"x": x, "y": 0, "width": 10, "height": 10}}
    return thing if score is None else {**thing, "score": score}


@pytest.fixture
def place(tmp_path):
    """A place with a detector's run, a classifier's, and one that labels pixels."""
    (tmp_path / "vidset.toml").write_text("")
    objects = make_version(tmp_path / "a", [{"uri": "a.png", "objects": [box(0), box(12)]}])
    found = {"a.png": [box(0, 0.9), box(5, 0.6), box(12, 0.3)]}
    boxes = {"validation": {1: detected(objects, "validation", found)}}
    more = {"task": "detection", "classes": ["car"], "model": "centernet-r18-256"}
    make_run(tmp_path / "runs/boxes", objects, boxes, **more)
    make_run(tmp_path / "runs/pixels", objects, boxes, **{**more, "task": "segmentation"})
    images = [{"uri": f"{at}.png", "label": "ab"[at % 2]} for at in range(2 * MOST_POINTS + 40)]
    labels = make_version(tmp_path / "b", images)
    given = {each["uri"]: [at / 1000, 1 - at / 1000] for at, each in enumerate(images)}
    table = classified(labels, "validation", ["a", "b"], given)
    make_run(tmp_path / "runs/labels", labels, {"validation": {1: table}})
    return find_project(str(tmp_path))


def test_a_detectors_curve_has_the_best_precision_of_each_recall(place):
    found = read_curves(place, "boxes", "validation")
    [car] = found["labels"]
    # The second prediction is a mistake: recall stays 1/2, and precision falls to 1/2.
    assert car["points"] == [
        [0.5, 1.0, pytest.approx(0.9)],
        [1.0, pytest.approx(2 / 3), pytest.approx(0.3)],
    ]
    assert (car["support"], car["ap50"]) == (2, pytest.approx((51 + 50 * 2 / 3) / 101))
    assert car["answer_score"] == pytest.approx(0.3)
    assert list(found["averages"]) == ["boxes"]
    assert found["averages"]["boxes"]["sizes"]["small"] == pytest.approx(car["ap"])
    assert found["averages"]["boxes"]["sizes"]["large"] is None


def test_a_classifiers_curves_are_thinned_and_end_at_the_full_recall(place):
    found = read_curves(place, "labels", "validation")
    assert [each["label"] for each in found["labels"]] == ["a", "b"]
    assert found["averages"] == {}
    for each in found["labels"]:
        assert 100 < len(each["points"]) <= MOST_POINTS + 1
        assert each["points"][-1][0] == 1.0
        assert "ap" not in each


def test_pixels_have_no_curves_and_no_run_is_looked_for_elsewhere(place):
    assert read_curves(place, "pixels", "validation")["labels"] == []
    with pytest.raises(DatasetError, match="run"):
        read_curves(place, "../runs/boxes", "validation")
    with pytest.raises(DatasetError, match="wanted one of its splits"):
        read_curves(place, "boxes", "test")
