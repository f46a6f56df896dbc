"""Masks that cover an image whole go along with its pixels, and make no background of margins."""

import json

import cv2
import numpy as np
import pytest

from tests.datasets.streets import LABELS, draw_street, street_objects
from vidset.datasets.curation.moved_planes import move_plane, plane_of
from vidset.datasets.curation.steps.registry import make_step
from vidset.masks import Mask


def thing(label: str, pixels: np.ndarray, id_: str = "1") -> dict:
    return {"id": id_, "label": label, "type": "mask", "mask": Mask.of(pixels).to_document()}


def moved_by(step: str, parameters: dict, plane: np.ndarray, things: list[dict]) -> dict:
    """The pixels of each label after a step of a recipe."""
    stepped = make_step(step, parameters).apply(np.zeros((*plane.shape, 3), np.uint8))
    numbers = plane_of(things, plane.shape[::-1])
    assert numbers is not None
    after = move_plane(things, numbers, stepped.moved, stepped.picture.shape[1::-1])
    assert len({each["id"] for each in after}) == len(after)
    return {each["label"]: Mask.from_document(each["mask"]).pixels() for each in after}


@pytest.mark.parametrize(
    ("step", "parameters"),
    [
        pytest.param("rotate", {"degrees": 20}, id="rotate"),
        pytest.param("pad", {"to": "square", "margin": 0.1}, id="pad"),
        pytest.param("crop", {"left": 0.3, "top": 0.2}, id="crop"),
        pytest.param("resize", {"width": 100, "height": 77}, id="resize"),
        pytest.param("zoom", {"factor": 0.7}, id="zoom"),
    ],
)
def test_each_pixel_has_one_label_after_any_step(step, parameters):
    _, plane = draw_street(np.random.default_rng(1))
    after = moved_by(step, parameters, plane, street_objects(plane))
    assert (sum(each.astype(int) for each in after.values()) == 1).all()
    assert set(after) <= {*LABELS, "ignored"}


def test_a_margin_is_ignored_beside_labels_that_are_where_they_were():
    _, plane = draw_street(np.random.default_rng(2), (64, 36))
    after = moved_by("pad", {"to": "none", "margin": 0.25}, plane, street_objects(plane))
    for number, label in enumerate(LABELS):
        if (plane == number).any():
            wanted = cv2.copyMakeBorder((plane == number).astype(np.uint8), *[16] * 4, 0)
            assert (after[label] == wanted).all()
    assert after["ignored"][:16].all()


def test_the_remainder_of_a_label_stays_however_little_it_is():
    plane = np.zeros((20, 40), bool)
    plane[:, :21] = True
    things = [thing("sky", plane), thing("road", ~plane, "2")]
    after = moved_by("crop", {"left": 0.45, "right": 0.45}, plane, things)
    assert {label: int(each.sum()) for label, each in after.items()} == {"sky": 60, "road": 20}


@pytest.mark.parametrize(
    "others",
    [
        pytest.param([], id="a background"),
        pytest.param([thing("b", np.ones((4, 5)))], id="overlap"),
        pytest.param([{"id": "2", "label": "b", "box": {"x": 0}}], id="box"),
        pytest.param([thing("b", np.ones((9, 9)))], id="size"),
    ],
)
def test_other_objects_are_no_plane(others):
    first = np.zeros((4, 5))
    first[0, 0] = 1
    assert plane_of([thing("a", first), *others], (5, 4)) is None


def test_a_word_on_the_image_stays_beside_a_plane():
    word = {"id": "2", "label": "night", "type": "classification"}
    things = [thing("sky", np.ones((4, 5))), word]
    plane = plane_of(things, (5, 4))
    assert plane is not None
    after = move_plane(things, plane, np.eye(3), (5, 4))
    assert [each["label"] for each in after] == ["sky", "night"]
    assert json.loads(json.dumps(after)) == after
