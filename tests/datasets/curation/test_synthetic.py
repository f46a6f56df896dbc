"""Synthetic images: objects on backgrounds, of which all is known, for training alone."""

import json

import cv2
import numpy as np
import pytest

from tests.datasets.numerals import entry, write_version
from vidset.datasets.curation.apply import apply
from vidset.datasets.curation.recipe import Recipe
from vidset.datasets.errors import DatasetError
from vidset.datasets.images.measures import decode
from vidset.datasets.versions.objects import documents_in
from vidset.datasets.versions.repository import Repository
from vidset.masks import Mask

RED, GREY = (220, 20, 20), 128
OWN = {"id": "1", "label": "car", "type": "box", "points": None, "attributes": {}}
OWN |= {"box": {"x": 10.0, "y": 10.0, "width": 40.0, "height": 30.0}}


@pytest.fixture
def repository(tmp_path):
    """Two images to train on, one of them with an object, and one to validate on."""
    made = Repository(tmp_path / "datasets")

    def background(light):
        return np.full((120, 160, 3), light, np.uint8)

    entries = [
        entry(made, background(GREY), "a.png", "train", None, [OWN]),
        entry(made, background(GREY + 9), "b.png", "train", None, []),
        entry(made, background(GREY + 20), "c.png", "validation", None, [OWN]),
    ]
    made.name_version("v0", write_version(made, entries))
    return made


@pytest.fixture
def objects(tmp_path):
    """A red disc on nothing."""
    (tmp_path / "objects" / "plate").mkdir(parents=True)
    disc = np.zeros((60, 60, 4), np.uint8)
    cv2.circle(disc, (30, 30), 28, (*RED[::-1], 255), -1)
    cv2.imwrite(str(tmp_path / "objects" / "plate" / "1.png"), disc)
    return tmp_path / "objects"


def recipe(tmp_path, **more):
    given = {"images": 6, "seed": 1, "objects": "objects", "count": [1, 3], **more}
    return Recipe.of({"synthetic": given}, tmp_path)


def synthetic(repository, version):
    return [each for each in repository.manifest(version) if each.source == "synthetic"]


def test_objects_are_where_the_boxes_say_and_nowhere_else(repository, objects, tmp_path):
    wanted = recipe(tmp_path, perspective=0.2, rotate=[-30, 30])
    made = apply(repository, "v0", wanted)
    found = synthetic(repository, made.id)
    assert len(found) == 6
    pasted = 0
    for each in found:
        picture = decode(repository.read_image(each), each.image_uri).astype(int)
        red = (picture[:, :, 0] - picture[:, :, 1]) > 100
        boxes = np.zeros(red.shape, bool)
        for thing in documents_in(each.objects):
            if not thing["attributes"].get("synthetic"):
                continue
            pasted += 1
            box = {name: int(value) for name, value in thing["box"].items()}
            inside = red[box["y"] : box["y"] + box["height"], box["x"] : box["x"] + box["width"]]
            # The box is as tight as the edge of the disc is sharp.
            inner = inside[1:-1, 1:-1]
            assert inner.any(axis=0).all()
            assert inner.any(axis=1).all()
            boxes[box["y"] : box["y"] + box["height"], box["x"] : box["x"] + box["width"]] = True
        assert not (red & ~boxes).any()
    assert pasted >= 6


def test_masks_are_the_pixels_of_the_objects(repository, objects, tmp_path):
    made = apply(repository, "v0", recipe(tmp_path, shape="mask", light=0.5))
    for each in synthetic(repository, made.id):
        picture = decode(repository.read_image(each), each.image_uri).astype(int)
        red = (picture[:, :, 0] - picture[:, :, 1]) > 50
        own = [thing for thing in documents_in(each.objects) if thing["type"] == "mask"]
        drawn = sum(Mask.from_document(thing["mask"]).pixels() for thing in own) > 0
        assert (drawn & red).sum() / (drawn | red).sum() > 0.95


def test_they_are_marked_and_for_training_alone_and_cover_nothing(repository, objects, tmp_path):
    made = apply(repository, "v0", recipe(tmp_path, size=[0.3, 0.6], images=12))
    found = synthetic(repository, made.id)
    assert {each.split for each in found} == {"train"}
    assert {json.loads(each.made_by)[0]["step"] for each in found} == {"synthetic"}
    assert any(len(documents_in(each.objects)) > 1 for each in found)
    for each in found:
        boxes = [thing["box"] for thing in documents_in(each.objects)]
        for number, one in enumerate(boxes):
            for other in boxes[:number]:
                assert any(
                    one[start] >= other[start] + other[side]
                    or other[start] >= one[start] + one[side]
                    for start, side in (("x", "width"), ("y", "height"))
                )
    kept = [each for each in repository.manifest(made.id) if each.source != "synthetic"]
    assert sorted(kept) == sorted(repository.manifest("v0"))


def test_the_same_recipe_makes_the_same_version_and_other_objects_another(
    repository, objects, tmp_path
):
    one = apply(repository, "v0", recipe(tmp_path))
    assert apply(repository, "v0", recipe(tmp_path)).id == one.id
    assert apply(repository, "v0", recipe(tmp_path, seed=2)).id != one.id
    recorded = Recipe.of(repository.details(one.id)["recipe"])
    assert recorded == recipe(tmp_path)
    cv2.imwrite(str(objects / "plate" / "2.png"), np.full((9, 9, 3), 255, np.uint8))
    assert apply(repository, "v0", recipe(tmp_path)).id != one.id
    with pytest.raises(DatasetError, match="the objects are not those of then"):
        Recipe.of(repository.details(one.id)["recipe"])


def test_transforms_are_applied_to_them_and_backgrounds_may_be_a_folder(
    repository, objects, tmp_path
):
    (tmp_path / "roads").mkdir()
    cv2.imwrite(str(tmp_path / "roads" / "1.jpg"), np.full((100, 200, 3), 77, np.uint8))
    given = {"images": 2, "objects": "objects", "backgrounds": "roads"}
    steps = [{"resize": {"width": 50, "height": 50}}]
    made = apply(repository, "v0", Recipe.of({"transforms": steps, "synthetic": given}, tmp_path))
    found = synthetic(repository, made.id)
    assert {(each.width, each.height, each.image_format) for each in found} == {(50, 50, "jpeg")}
    for each in found:
        for thing in documents_in(each.objects):
            assert thing["box"]["x"] + thing["box"]["width"] <= 50


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"objects": "none"}, "wanted objects as a folder, there is no"),
        ({"images": 0}, "wanted images from 1 to 100000, got 0"),
        ({"size": [0.5, 0.1]}, "wanted size as"),
        ({"perspective": 2}, "wanted perspective from 0 to 0.5, got 2"),
        ({"shape": "polygon"}, "wanted shape box or mask"),
        ({"colour": "red"}, "wanted synthetic with images, seed"),
    ],
)
def test_what_cannot_be_is_named(objects, tmp_path, given, why):
    with pytest.raises(DatasetError, match=why):
        recipe(tmp_path, **given)


def test_an_object_that_cannot_be_seen_and_a_version_of_classes_are_refused(
    repository, objects, tmp_path
):
    classes = [
        entry(repository, np.full((40, 40, 3), n, np.uint8), f"{n}.png", "train", "i")
        for n in range(2)
    ]
    repository.name_version("classes", write_version(repository, classes))
    with pytest.raises(DatasetError, match="wanted a version of objects, got one of classes"):
        apply(repository, "classes", recipe(tmp_path))
    cv2.imwrite(str(objects / "plate" / "0.png"), np.zeros((9, 9, 4), np.uint8))
    with pytest.raises(DatasetError, match=r"0\.png: wanted an object to paste"):
        apply(repository, "v0", recipe(tmp_path))
