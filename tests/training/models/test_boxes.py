import numpy as np
import pytest

from tests.datasets.numerals import entry
from vidset.datasets.versions.repository import Repository
from vidset.training.models.boxes import boxes_of, fit
from vidset.training.models.detection import open_learner
from vidset.training.models.recipes import CENTERNET_R18_256

INPUT = CENTERNET_R18_256["input"]


def labeled(tmp_path, things, size=(300, 200)):
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    return entry(Repository(tmp_path), picture, "a.png", "train", None, things)


def test_boxes_of_takes_boxes_and_what_holds_a_polygon(tmp_path):
    points = [{"x": 5, "y": 9}, {"x": 20, "y": 4}, {"x": 11, "y": 30}]
    things = [
        {"label": "car", "type": "box", "box": {"x": 1, "y": 2, "width": 3, "height": 4}},
        {"label": "tree", "type": "polygon", "box": None, "points": points},
        {"label": "rainy", "type": "classification", "box": None},
    ]
    found = boxes_of(labeled(tmp_path, things))
    assert [(box.label, box.x, box.y, box.width, box.height) for box in found] == [
        ("car", 1.0, 2.0, 3.0, 4.0),
        ("tree", 5.0, 4.0, 15.0, 26.0),
    ]


@pytest.mark.parametrize(
    ("size", "filled"),
    [
        pytest.param((512, 256), (256, 128), id="large and wide"),
        pytest.param((100, 200), (128, 256), id="small and tall"),
        pytest.param((256, 256), (256, 256), id="as it is"),
        pytest.param((1000, 1), (256, 1), id="a line"),
    ],
)
def test_fit_keeps_the_proportions_of_a_picture_and_fills_up_with_grey(size, filled):
    fitted = fit(np.full((size[1], size[0], 3), 255, np.uint8), INPUT)
    assert fitted.shape == (256, 256, 3)
    assert (fitted[: filled[1], : filled[0]] == 255).all()
    assert (fitted[filled[1] :] == 128).all()
    assert (fitted[:, filled[0] :] == 128).all()


def test_detector_wants_to_be_told_what_an_image_has(tmp_path):
    learner = open_learner(CENTERNET_R18_256)
    flat = {"label": "car", "box": {"x": 1, "y": 2, "width": 0, "height": 4}}
    assert learner.unusable(labeled(tmp_path, None)) == "nobody said which objects it has"
    assert learner.unusable(labeled(tmp_path, [])) is None
    assert (learner.unusable(labeled(tmp_path, [flat])) or "").startswith("has a box without area")
