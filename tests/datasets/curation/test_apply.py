import json
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from vidset.datasets.curation.apply import apply_recipe, make
from vidset.datasets.curation.moved_shapes import move_object
from vidset.datasets.curation.recipe import Recipe, transform
from vidset.datasets.curation.steps.registry import make_step
from vidset.datasets.images.measures import decode
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository
from vidset.labeling.annotation import Box
from vidset.labeling.shapes import turned_corners
from vidset.masks import Mask

BOX = {
    "id": "1",
    "label": "car",
    "type": "box",
    "box": {"x": 10, "y": 5, "width": 20, "height": 10},
}
CROP = {"transforms": [{"crop": {"left": 0.25}}, {"resize": {"width": 60, "height": 60}}]}
COPIES = {"augmentations": {"copies": 3, "seed": 1, "steps": [{"rotate": {"degrees": [-20, 20]}}]}}


def picture(level=0):
    drawn = np.full((30, 40, 3), 255, np.uint8)
    drawn[5:15, 10:30] = level
    return drawn


def put(repository, split, drawn, *, ending=".png", **more):
    data = cv2.imencode(ending, drawn)[1].tobytes()
    image_format = {".png": "png", ".jpg": "jpeg", ".bmp": "bmp"}[ending]
    digest = repository.put_image(data, image_format)
    facts = {
        "image_uri": f"{split}/{digest[:6]}{ending}",
        "image_format": image_format,
        "width": 40,
        "height": 30,
        "label": "i",
        "objects": None,
        "group": digest,
        "origin": digest,
        "source": "folder",
    }
    return Entry(image_sha256=digest, split=split, **(facts | more))


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "datasets")


def applied(repository, entries, recipe):
    with ThreadPoolExecutor(2) as executor:
        made = apply_recipe(repository, entries, Recipe.of(recipe), executor)
        return [each.entry for images in made for each in images]


def test_transforms_replace_every_image_of_every_split(repository):
    entries = [
        put(repository, split, picture(n))
        for n, split in enumerate(("train", "validation", "label_book"))
    ]
    made = applied(repository, entries, CROP)
    assert [(entry.split, entry.width, entry.height) for entry in made] == [
        ("train", 60, 60),
        ("validation", 60, 60),
        ("label_book", 60, 60),
    ]
    assert [entry.parent for entry in made] == [entry.image_sha256 for entry in entries]
    assert [entry.origin for entry in made] == [entry.image_sha256 for entry in entries]
    assert decode(repository.read_image(made[0]), "").shape == (60, 60, 3)


def test_augmentation_adds_copies_of_training_images_alone(repository):
    entries = [
        put(repository, split, picture(n)) for n, split in enumerate(("train", "validation"))
    ]
    made = applied(repository, entries, COPIES)
    assert [entry.split for entry in made] == ["train"] * 4 + ["validation"]
    assert made[0] == entries[0]
    assert made[4] == entries[1]
    assert {entry.group for entry in made[:4]} == {entries[0].group}
    assert {entry.origin for entry in made[:4]} == {entries[0].image_sha256}
    assert len({entry.image_sha256 for entry in made}) == 5


def test_the_manifest_records_what_was_done_so_that_it_can_be_done_again(repository):
    entry = put(repository, "train", picture())
    original, copy, *_ = applied(repository, [entry], CROP | COPIES)
    steps = json.loads(copy.made_by)
    assert [step["step"] for step in steps] == ["crop", "resize", "rotate"]
    assert json.loads(original.made_by) == steps[:2]
    again = decode(repository.read_image(entry), "")
    assert np.array_equal(transform(again, steps), decode(repository.read_image(copy), ""))


def test_steps_of_two_recipes_are_recorded_one_after_the_other(repository):
    entry = put(repository, "train", picture())
    first = applied(repository, [entry], CROP)
    (second,) = applied(repository, first, {"transforms": [{"pad": {"margin": 0.1}}]})
    assert [step["step"] for step in json.loads(second.made_by)] == ["crop", "resize", "pad"]
    assert second.parent == first[0].image_sha256
    assert second.origin == entry.image_sha256


def test_the_same_recipe_gives_the_same_version_in_any_order(repository, tmp_path):
    entries = [put(repository, "train", picture(n)) for n in range(5)]
    one = Manifest.of(applied(repository, entries, CROP | COPIES))
    elsewhere = Repository(tmp_path / "elsewhere")
    other = [put(elsewhere, "train", picture(n)) for n in reversed(range(5))]
    assert Manifest.of(applied(elsewhere, other, CROP | COPIES)).id == one.id


def test_a_copy_that_comes_out_like_another_is_left_out(repository):
    entry = put(repository, "train", np.full((30, 40, 3), 255, np.uint8))
    assert len(applied(repository, [entry], COPIES)) == 1


def test_boxes_go_along_with_their_picture(repository):
    entry = put(repository, "train", picture(), objects=to_json([BOX]), label=None)
    (made,) = applied(repository, [entry], CROP)
    assert json.loads(made.objects)[0]["box"] == {"x": 0, "y": 10, "width": 40, "height": 20}


def test_an_image_without_objects_keeps_saying_so(repository):
    entry = put(repository, "train", picture(), objects="[]", label=None)
    (made,) = applied(repository, [entry], CROP)
    assert made.objects == "[]"


def test_a_jpeg_stays_a_jpeg(repository):
    entry = put(repository, "train", picture(), ending=".jpg")
    made = make(entry, repository.read_image(entry), Recipe.of(CROP))[0]
    assert (made.entry.image_format, made.data[:2]) == ("jpeg", b"\xff\xd8")


def test_a_bitmap_becomes_a_png(repository):
    entry = put(repository, "train", picture(), ending=".bmp")
    made = make(entry, repository.read_image(entry), Recipe.of(CROP))[0]
    assert (made.entry.image_format, made.data[:4]) == ("png", b"\x89PNG")


def ringed(*rings):
    """A polygon; all rings but the first are holes."""
    return {
        "id": "2",
        "label": "a",
        "type": "polygon",
        "rings": [
            {"points": [{"x": x, "y": y} for x, y in ring], "hole": bool(number)}
            for number, ring in enumerate(rings)
        ],
    }


def blot(rows, columns):
    """A mask of 40 x 30 pixels."""
    pixels = np.zeros((30, 40), bool)
    pixels[rows, columns] = True
    return {"id": "4", "label": "a", "type": "mask", "mask": Mask.of(pixels).to_document()}


def test_a_turned_box_is_mirrored_with_its_picture():
    box = {"x": 10.0, "y": 10.0, "width": 10.0, "height": 4.0, "angle": 30.0}
    thing = {"id": "1", "label": "a", "type": "rotated_box", "box": box}
    mirror = make_step("flip", {}).apply(np.zeros((30, 40, 3), np.uint8)).moved
    made = move_object(thing, mirror, (40, 30))
    assert made
    wanted = sorted((40 - x, y) for x, y in turned_corners(Box(**box)))
    assert np.allclose(sorted(turned_corners(Box(**made["box"]))), wanted, atol=0.002)


def test_a_turned_box_turns_with_its_picture_and_is_the_smallest_around_it_if_slanted():
    box = {"x": 10.0, "y": 10.0, "width": 10.0, "height": 4.0, "angle": 30.0}
    thing = {"id": "1", "label": "a", "type": "rotated_box", "box": box}
    quarter = np.array([[0.0, -1, 30], [1, 0, 0], [0, 0, 1]])
    turned = move_object(thing, quarter, (30, 40))
    assert turned
    assert turned["box"] == {"x": 13.0, "y": 13.0, "width": 10.0, "height": 4.0, "angle": 120.0}
    wide = move_object(thing, np.diag([2.0, 1.0, 1.0]), (80, 30))
    assert wide
    assert wide["box"]["angle"] == pytest.approx(16.102)


SHIFTED = np.array([[1.0, 0, -15], [0, 1, 0], [0, 0, 1]])


@pytest.mark.parametrize(
    ("thing", "expected"),
    [
        pytest.param(
            BOX, {**BOX, "box": {"x": 0, "y": 5, "width": 15, "height": 10}}, id="clipped"
        ),
        pytest.param({**BOX, "box": {"x": 0, "y": 0, "width": 10, "height": 9}}, None, id="gone"),
        pytest.param(
            {**BOX, "box": {"x": 0, "y": 0, "width": 19, "height": 9}}, None, id="hardly left"
        ),
        pytest.param(
            {
                "id": "2",
                "label": "a",
                "type": "polygon",
                "points": [{"x": 10, "y": 0}, {"x": 30, "y": 0}, {"x": 30, "y": 20}],
            },
            {
                "id": "2",
                "label": "a",
                "type": "polygon",
                "points": [{"x": 0, "y": 0}, {"x": 15, "y": 0}, {"x": 15, "y": 20}],
            },
            id="polygon",
        ),
        pytest.param(
            ringed([(10, 0), (30, 0), (30, 20), (10, 20)], [(12, 2), (20, 2), (20, 8), (12, 8)]),
            ringed([(0, 0), (15, 0), (15, 20), (0, 20)], [(0, 2), (5, 2), (5, 8), (0, 8)]),
            id="rings are cut",
        ),
        pytest.param(
            ringed([(0, 0), (16, 0), (16, 9), (0, 9)]), None, id="rings that are hardly left"
        ),
        pytest.param(blot(slice(2, 6), slice(10, 30)), blot(slice(2, 6), slice(0, 15)), id="mask"),
        pytest.param(blot(slice(2, 6), slice(0, 15)), None, id="a mask that is gone"),
        pytest.param(
            {**BOX, "box": {"x": 20, "y": 5, "width": 10, "height": 4, "angle": 30.0}},
            {**BOX, "box": {"x": 5.0, "y": 5.0, "width": 10.0, "height": 4.0, "angle": 30.0}},
            id="turned box",
        ),
        pytest.param(
            {"id": "3", "label": "b", "type": "classification", "box": None},
            {"id": "3", "label": "b", "type": "classification", "box": None},
            id="class",
        ),
    ],
)
def test_move_object(thing, expected):
    assert move_object(thing, SHIFTED, (40, 30)) == expected


@pytest.mark.parametrize(
    ("sides", "boxes"),
    [
        pytest.param({"right": 0.45}, [(10, 5, 12, 10)], id="right"),
        pytest.param({"bottom": 0.45}, [(10, 5, 20, 10), (30, 14, 8, 2)], id="bottom"),
        pytest.param({"right": 0.3}, [(10, 5, 18, 10)], id="mostly cut"),
    ],
)
def test_objects_are_cut_also_where_nothing_moves(repository, sides, boxes):
    """The picture is 40 x 30; the second box is near its lower right corner."""
    second = {**BOX, "id": "2", "box": {"x": 30, "y": 14, "width": 8, "height": 8}}
    first = put(repository, "train", picture(), objects=to_json([BOX, second]))
    (made,) = applied(repository, [first], {"transforms": [{"crop": sides}]})
    things = [thing["box"] for thing in json.loads(made.objects)]
    assert [(b["x"], b["y"], b["width"], b["height"]) for b in things] == boxes
