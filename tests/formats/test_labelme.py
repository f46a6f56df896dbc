import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.strategies import boxes, images, is_near, polygons, texts
from vidset.formats import labelme
from vidset.formats.format import ImageLabels
from vidset.formats.reading import Reading
from vidset.labeling.annotation import Box, LabeledObject, outline
from vidset.labeling.shapes import turned_corners

CAR = LabeledObject("c", "car", "box", box=Box(10.0, 20.0, 30.0, 4.5))
CORNERS = ((0.0, 0.0), (10.0, 0.0), (0.0, 8.0))


@given(images(polygons))
def test_polygons_come_back_exactly(labels):
    with TemporaryDirectory() as folder:
        labelme.write(labels, folder)
        got = {each.image_name: each for each in labelme.read(folder)}
    assert got == {each.image_name: each for each in labels}


@given(images(boxes, polygons))
def test_boxes_come_back_but_for_rounding(labels):
    with TemporaryDirectory() as folder:
        labelme.write(labels, folder)
        got = sorted(labelme.read(folder), key=lambda each: each.image_name)
    assert is_near(got, sorted(labels, key=lambda each: each.image_name))


@given(st.sets(texts))
def test_classifications_come_back(words):
    objects = tuple(LabeledObject(word, word, "classification") for word in sorted(words))
    with TemporaryDirectory() as folder:
        labelme.write([ImageLabels("a.jpg", 10, 10, objects)], folder)
        (labels,) = labelme.read(folder)
    assert labels.objects == objects


def test_a_file_is_as_labelme_writes_it(tmp_path):
    attributes = {
        "far": True,
        "group_id": 3,
        "description": "behind the bus",
        "colour": "red",
        "damage": ["dent"],
    }
    road = LabeledObject("r", "Straße", "polygon", rings=outline(CORNERS), attributes=attributes)
    night = LabeledObject("n", "night", "classification")
    labelme.write([ImageLabels("drive/1/0.jpg", 100, 80, (CAR, road, night))], tmp_path)
    text = (tmp_path / "drive" / "1" / "0.json").read_text(encoding="utf-8")
    assert "Straße" in text
    assert json.loads(text) == {
        "version": "5.5.0",
        "flags": {"night": True},
        "shapes": [
            {
                "label": "car",
                "points": [[10.0, 20.0], [40.0, 24.5]],
                "group_id": None,
                "description": "",
                "shape_type": "rectangle",
                "flags": {},
                "object_id": "c",
                "attributes": {},
            },
            {
                "label": "Straße",
                "points": [[0.0, 0.0], [10.0, 0.0], [0.0, 8.0]],
                "group_id": 3,
                "description": "behind the bus",
                "shape_type": "polygon",
                "flags": {"far": True},
                "object_id": "r",
                "attributes": {"colour": "red", "damage": ["dent"]},
            },
        ],
        "imagePath": "0.jpg",
        "imageData": None,
        "imageHeight": 80,
        "imageWidth": 100,
    }


def test_attributes_that_do_not_fit_labelme_s_fields_come_back(tmp_path):
    attributes = {"group_id": "a", "description": ["x"], "flags": "y"}
    road = LabeledObject("r", "road", "polygon", rings=outline(CORNERS), attributes=attributes)
    blank = LabeledObject(
        "b", "road", "polygon", rings=outline(CORNERS), attributes={"description": ""}
    )
    labelme.write([ImageLabels("a.jpg", 100, 80, (road, blank))], tmp_path)
    (labels,) = labelme.read(tmp_path)
    assert labels.objects == (road, blank)


def test_a_backslash_in_a_name_is_refused(tmp_path):
    with pytest.raises(ValueError, match="without backslash"):
        labelme.write([ImageLabels("a\\b.jpg", 100, 80, ())], tmp_path)


def shape(*points, **changes) -> dict:
    return {"label": "car", "points": points, "shape_type": "polygon", "flags": {}} | changes


def read(path: Path, *shapes, file="a.json", **changes) -> list[ImageLabels]:
    document = {
        "version": "4.5.6",
        "flags": {},
        "shapes": shapes,
        "imagePath": "a.jpg",
        "imageData": "abcd",
        "imageHeight": 80,
        "imageWidth": 100,
    } | changes
    (path / file).parent.mkdir(parents=True, exist_ok=True)
    (path / file).write_text(json.dumps(document))
    return list(labelme.read(path))


@pytest.mark.parametrize(
    "corners",
    [
        pytest.param([[10, 20], [40, 24]], id="from the top left"),
        pytest.param([[40, 24], [10, 20]], id="from the bottom right"),
        pytest.param([[40, 20], [10, 24]], id="from the top right"),
    ],
)
def test_a_rectangle_is_a_box_however_it_was_drawn(corners, tmp_path):
    (labels,) = read(tmp_path, shape(*corners, shape_type="rectangle"))
    assert labels.objects == (LabeledObject("0", "car", "box", box=Box(10.0, 20.0, 30.0, 4.0)),)


def test_an_oriented_rectangle_is_a_rotated_box(tmp_path):
    corners = [[10, 10], [20, 20], [15, 25], [5, 15]]
    (labels,) = read(tmp_path, shape(*corners, shape_type="oriented_rectangle"))
    (item,) = labels.objects
    assert (item.type, item.attributes) == ("rotated_box", {})
    assert item.box
    assert turned_corners(item.box) == (
        pytest.approx((10.0, 10.0)),
        pytest.approx((20.0, 20.0)),
        pytest.approx((15.0, 25.0)),
        pytest.approx((5.0, 15.0)),
    )
    assert item.box.angle == pytest.approx(45)


def test_a_shape_of_an_old_version_is_a_polygon(tmp_path):
    old = {"label": "car", "points": CORNERS, "line_color": None}
    (labels,) = read(tmp_path, old, flags="")
    assert labels.objects == (LabeledObject("0", "car", "polygon", rings=outline(CORNERS)),)


def test_flags_are_classifications_and_attributes(tmp_path):
    (labels,) = read(
        tmp_path,
        shape(*CORNERS, flags={"far": False}, group_id=0, description="x"),
        flags={"night": True, "rain": False},
    )
    assert labels.objects == (
        LabeledObject(
            "0",
            "car",
            "polygon",
            rings=outline(CORNERS),
            attributes={"far": False, "group_id": 0, "description": "x"},
        ),
        LabeledObject("night", "night", "classification"),
    )


@pytest.mark.parametrize(
    ("file", "image_path", "name"),
    [
        pytest.param("a.json", "a.jpg", "a.jpg", id="beside"),
        pytest.param("x/y/a.json", "a.jpg", "x/y/a.jpg", id="beside, below"),
        pytest.param("json/a.json", "../images/a.jpg", "images/a.jpg", id="in another folder"),
        pytest.param("json/a.json", "..\\images\\a.jpg", "images/a.jpg", id="from Windows"),
    ],
)
def test_images_are_found_from_their_files(file, image_path, name, tmp_path):
    (labels,) = read(tmp_path, file=file, imagePath=image_path)
    assert labels.image_name == name


@pytest.mark.parametrize(
    ("image_path", "name"),
    [
        pytest.param("../images/x/a.jpg", "images/x/a.jpg", id="above"),
        pytest.param("x/../../../etc/a.jpg", "etc/a.jpg", id="above, winding"),
        pytest.param("/home/me/a.jpg", "home/me/a.jpg", id="a root"),
        pytest.param(r"C:\Users\me\a.jpg", "Users/me/a.jpg", id="a drive"),
        pytest.param(r"\\server\share\a.jpg", "server/share/a.jpg", id="a server"),
    ],
)
def test_a_path_of_another_machine_is_left_to_the_names_of_images(image_path, name, tmp_path):
    (labels,) = read(tmp_path, imagePath=image_path)
    assert (labels.image_name, labels.is_elsewhere) == (name, True)


@pytest.mark.parametrize(
    ("told", "group"), [("3", 3), ("a", "a"), (3, 3), ("", None), (None, None)]
)
def test_a_group_may_be_a_text(told, group, tmp_path):
    (labels,) = read(tmp_path, shape(*CORNERS, group_id=told))
    assert labels.objects[0].attributes.get("group_id") == group


def test_other_json_in_the_folder_is_counted(tmp_path):
    (tmp_path / "package.json").write_text("{}")
    with pytest.raises(ValueError, match="wanted labelme's files, got 1 of something else"):
        list(labelme.read(tmp_path))
    read(tmp_path)
    reading = Reading()
    assert len(list(labelme.read(tmp_path, reading))) == 1
    assert reading.dropped == {"files that are not labelme's (package.json)": 1}


def test_a_single_file_is_read(tmp_path):
    read(tmp_path, file="x/a.json")
    (labels,) = labelme.read(tmp_path / "x" / "a.json")
    assert labels == ImageLabels("a.jpg", 100, 80, ())


def test_two_files_of_one_image_are_refused(tmp_path):
    read(tmp_path, file="a.json")
    with pytest.raises(ValueError, match=r"b\.json: wanted one file of a\.jpg, got also .*a\.json"):
        read(tmp_path, file="b.json")


@pytest.mark.parametrize(
    ("shapes", "changes", "reason"),
    [
        *(
            pytest.param(
                [shape(*CORNERS), shape([1, 2], [3, 4], shape_type=kind)],
                {},
                "shapes[1]: an annotation cannot hold",
                id=kind,
            )
            for kind in ("point", "line", "circle", "linestrip")
        ),
        pytest.param([shape(*CORNERS, shape_type=["x"])], {}, "a shape_type ['x']", id="a list"),
        pytest.param([shape([1, 2], [3, 4])], {}, "points of a polygon, got 2", id="two points"),
        pytest.param(
            [shape(*CORNERS, shape_type="rectangle")], {}, "of a rectangle, got 3", id="three"
        ),
        pytest.param([shape([1, 2, 3])], {}, "shapes[0].points[0]: wanted x and y", id="xyz"),
        pytest.param([shape("ab")], {}, "points[0]: wanted a list of finite numbers", id="text"),
        pytest.param([shape([1, float("inf")])], {}, "of finite numbers", id="infinite"),
        pytest.param([shape(label=None)], {}, "shapes[0]: wanted label as a text", id="no label"),
        pytest.param(["x"], {}, "shapes[0]: wanted an object with label, got 'x'", id="no shape"),
        pytest.param([shape(*CORNERS, flags={"far": 1})], {}, "far as a flag", id="flag"),
        pytest.param([shape(*CORNERS, group_id=[1])], {}, "group_id as a whole number", id="group"),
        pytest.param([], {"flags": []}, "wanted flags as an object", id="flags"),
        pytest.param([], {"imagePath": 7}, "wanted imagePath as a text", id="no image"),
        pytest.param([], {"imagePath": ".."}, "wanted a file name, got '..'", id="no file"),
        pytest.param([], {"imageWidth": "100"}, "wanted a width and a height", id="size"),
    ],
)
def test_a_wrong_file_is_named_with_the_place_in_it(shapes, changes, reason, tmp_path):
    with pytest.raises(ValueError, match=r"a\.json: ") as raised:
        read(tmp_path, *shapes, **changes)
    assert reason in str(raised.value)
