import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.labeling.vendors.label_studio.examples import OCCLUDED, RECTANGLE, flat, polygon
from vidset.labeling.annotation import Box, LabeledObject, Ring, outline
from vidset.labeling.errors import InvalidAnswerError
from vidset.labeling.shapes import turned_corners
from vidset.labeling.vendors.label_studio.answers import objects_of, result_of, size_of
from vidset.masks import Mask


def test_a_polygon_is_its_corners_in_pixels():
    assert objects_of([polygon()]) == (
        LabeledObject("p1", "road", "polygon", rings=outline(((64, 48), (128, 48), (128, 146.4)))),
    )


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param(
            {"closed": False}, "closed must be true: the polygon is unfinished", id="open"
        ),
        pytest.param({"points": [[1, 1], [2, 2]]}, "points must be 3 or more, got 2", id="line"),
        pytest.param(
            {"points": [[1, 1], [2], [3, 3]]}, r"points\[1\] must be a pair", id="no pair"
        ),
        pytest.param({"points": "abc"}, "points must be a list, got 'abc'", id="text"),
    ],
)
def test_a_polygon_that_is_none_is_told(value, reason):
    with pytest.raises(InvalidAnswerError, match=rf"result\[0\].value.{reason}"):
        objects_of([polygon(**value)])


def test_a_rotated_rectangle_is_turned_about_its_middle_instead_of_its_corner():
    value = RECTANGLE["value"] | {"x": 50, "y": 50, "width": 10, "height": 10, "rotation": 90}
    [item] = objects_of([RECTANGLE | {"value": value}])
    assert (item.type, item.label, item.attributes) == ("rotated_box", "car", {})
    assert item.box == Box(264, 248, 64, 48, 90)
    # 64 pixels wide and 48 high, turned to the right: down from the corner, and to its left.
    corners = [value for corner in turned_corners(item.box) for value in corner]
    assert corners == pytest.approx([320, 240, 320, 304, 272, 304, 272, 240])


@pytest.mark.parametrize("rotation", [0, 360, -360, None])
def test_a_rectangle_that_is_not_turned_is_a_box(rotation):
    value = RECTANGLE["value"] | {"rotation": rotation}
    box = Box(80, 120, 320, 48)
    assert objects_of([RECTANGLE | {"value": value}]) == (LabeledObject("r1", "car", "box", box),)


@pytest.mark.parametrize(
    ("kind", "name", "value", "attributes"),
    [
        pytest.param("choices", "occluded", ["yes"], {"occluded": "yes"}, id="choice"),
        pytest.param("choices", "occluded", ["a", "b"], {"occluded": ["a", "b"]}, id="choices"),
        pytest.param("choices", "weather[]", ["sun"], {"weather": ["sun"]}, id="one of many"),
        pytest.param("choices", "weather[]", [], {"weather": []}, id="none of many"),
        pytest.param("textarea", "plate", ["AB 1"], {"plate": "AB 1"}, id="text"),
        pytest.param("number", "age", 4, {"age": 4}, id="number"),
        pytest.param("rating", "age", 2, {"age": 2}, id="rating"),
    ],
)
def test_an_item_with_the_id_of_a_shape_is_its_attribute(kind, name, value, attributes):
    said = {"text" if kind == "textarea" else kind: value}
    item = OCCLUDED | {"from_name": name, "type": kind, "value": said}
    [found] = objects_of([item, RECTANGLE])  # In any order.
    assert found.attributes == attributes
    assert found.box == Box(80, 120, 320, 48)


def test_choices_with_an_id_of_their_own_are_classifications():
    # The annotator's interface leaves the size out here.
    night = {"id": "c1", "from_name": "scene", "to_name": "image", "type": "choices"}
    assert objects_of([night | {"value": {"choices": ["night"]}}]) == (
        LabeledObject("c1", "night", "classification"),
    )
    assert objects_of([night | {"value": {"choices": ["night", "rain"]}}]) == (
        LabeledObject("c1/night", "night", "classification"),
        LabeledObject("c1/rain", "rain", "classification"),
    )
    assert size_of([night | {"value": {"choices": ["night"]}}]) is None


def test_objects_as_a_result_have_label_studios_form():
    car = LabeledObject(
        "r1", "car", "box", box=Box(80, 120, 320, 48), attributes={"occluded": "yes"}
    )
    words = [LabeledObject(f"c/{w}", w, "classification") for w in ("night", "rain")]
    value = {"x": 12.5, "y": 25.0, "width": 50.0, "height": 10.0, "rotation": 0.0}
    head = {"to_name": "image", "original_width": 640, "original_height": 480, "image_rotation": 0}
    assert result_of([car, *words], 640, 480) == [
        {"id": "r1", "from_name": "box", "type": "rectanglelabels"}
        | head
        | {"value": value | {"rectanglelabels": ["car"]}},
        {"id": "r1", "from_name": "occluded", "type": "choices"}
        | head
        | {"value": value | {"choices": ["yes"]}},
        {"id": "c", "from_name": "classification", "type": "choices"}
        | head
        | {"value": {"choices": ["night", "rain"]}},
    ]


def test_a_classification_with_attributes_cannot_be_said():
    night = LabeledObject("c", "night", "classification", attributes={"sure": "no"})
    with pytest.raises(
        ValueError, match=r"object c: .* no attributes of the classification 'night'"
    ):
        result_of([night], 640, 480)


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
pixels = st.floats(-50, 9000, allow_nan=False)
lengths = st.floats(0.01, 9000, allow_nan=False)
attribute_values = (
    names
    | st.lists(names, max_size=3)
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
)
attributes = st.dictionaries(
    names.filter(lambda name: name != "rotation" and not name.endswith("[]")),
    attribute_values,
    max_size=3,
)
shapes = st.builds(
    lambda box, attributes: LabeledObject("", "car", "box", box=box, attributes=attributes),
    st.builds(Box, pixels, pixels, lengths, lengths),
    attributes,
) | st.builds(
    lambda points, attributes: LabeledObject(
        "", "road", "polygon", rings=outline(tuple(points)), attributes=attributes
    ),
    st.lists(st.tuples(pixels, pixels), min_size=3, max_size=9),
    attributes,
)


@given(st.lists(shapes, max_size=4), st.integers(1, 9000), st.integers(1, 9000))
def test_objects_come_back_from_a_result(items, width, height):
    objects = [replace(i, id=f"o{n}") for n, i in enumerate(items)]
    result = json.loads(json.dumps(result_of(objects, width, height)))
    back = objects_of(result)
    assert [(i.id, i.label, i.type, i.attributes) for i in back] == [
        (i.id, i.label, i.type, i.attributes) for i in objects
    ]
    for got, wanted in zip(back, objects, strict=True):
        assert flat(got) == pytest.approx(flat(wanted), rel=0, abs=1e-6)
    assert size_of(result) == ((width, height) if objects else None)


@given(
    st.builds(Box, pixels, pixels, lengths, lengths),
    st.floats(-720, 720).filter(lambda turn: turn % 360),
    st.integers(1, 9000),
    st.integers(1, 9000),
)
def test_a_rotated_rectangle_comes_back_as_one(box, rotation, width, height):
    value = {
        "x": box.x * 100 / width,
        "y": box.y * 100 / height,
        "width": box.width * 100 / width,
        "height": box.height * 100 / height,
        "rotation": rotation,
    }
    item = RECTANGLE | {
        "original_width": width,
        "original_height": height,
        "value": value | {"rectanglelabels": ["car"]},
    }
    [turned] = objects_of([item])
    assert turned.type == "rotated_box"
    [back] = result_of([turned], width, height)
    assert (back["type"], back["value"]["rotation"]) == ("rectanglelabels", rotation)
    for side, extent in zip(("x", "y", "width", "height"), (width, height) * 2, strict=True):
        assert back["value"][side] * extent / 100 == pytest.approx(
            value[side] * extent / 100, rel=0, abs=1e-6
        )


def test_a_polygon_with_a_rotation_that_is_no_rectangle_stays_a_polygon():
    points = ((0.0, 0.0), (10.0, 0.0), (20.0, 10.0), (0.0, 10.0))
    item = LabeledObject("p", "road", "polygon", rings=outline(points), attributes={"rotation": 45})
    result = result_of([item], 100, 100)
    assert [each["type"] for each in result] == ["polygonlabels", "number"]
    assert objects_of(result) == (item,)


SQUARE = Ring(((10.0, 10.0), (50.0, 10.0), (50.0, 50.0), (10.0, 50.0)))
HOLE = Ring(((20.0, 20.0), (30.0, 20.0), (30.0, 30.0)), hole=True)
BESIDE = Ring(((60.0, 10.0), (90.0, 10.0), (90.0, 40.0)))


def test_further_rings_are_polygons_below_the_first_and_come_back():
    item = LabeledObject(
        "p", "road", "polygon", rings=(SQUARE, HOLE, BESIDE), attributes={"wet": "yes"}
    )
    result = result_of([item], 100, 80)
    assert [(each["type"], each["id"], each.get("parentID")) for each in result] == [
        ("polygonlabels", "p", None),
        ("polygonlabels", "p/hole2", "p"),
        ("polygonlabels", "p/ring3", "p"),
        ("choices", "p", None),
    ]
    assert objects_of(result) == (item,)


def test_what_an_annotator_puts_below_a_polygon_is_a_hole_where_it_lies_inside():
    inside = polygon(points=[[12, 11], [18, 11], [18, 20]]) | {"id": "x", "parentID": "p1"}
    beside = polygon(points=[[50, 11], [58, 11], [58, 20]]) | {"id": "y", "parentID": "p1"}
    other = polygon(polygonlabels=["lane"]) | {"id": "z", "parentID": "p1"}
    road, lane = objects_of([polygon(), inside, beside, other])
    assert [ring.hole for ring in road.rings or ()] == [False, True, False]
    assert (lane.label, len(lane.rings or ())) == ("lane", 1)


def test_a_brush_is_a_mask_and_comes_back():
    pixels = np.zeros((8, 10), bool)
    pixels[2:5, 3:7] = True
    item = LabeledObject("b", "sky", "mask", mask=Mask.of(pixels))
    result = json.loads(json.dumps(result_of([item], 10, 8)))
    assert (result[0]["type"], result[0]["value"]["format"]) == ("brushlabels", "rle")
    assert objects_of(result) == (item,)


def test_a_boolean_comes_back_as_one():
    item = LabeledObject("r", "car", "box", box=Box(1, 2, 3, 4), attributes={"far": False})
    [back] = objects_of(result_of([item], 100, 100))
    assert back.attributes == {"far": False}
