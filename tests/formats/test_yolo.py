from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from tests.formats.strategies import boxes, images, is_near, polygons, texts
from vidset.formats import yolo
from vidset.formats.format import ImageLabels, Written
from vidset.formats.reading import Reading
from vidset.labeling.annotation import Box, LabeledObject, outline

CAR = LabeledObject("1", "car", "box", box=Box(10.0, 20.0, 30.0, 40.0))
ROAD = LabeledObject("1", "road", "polygon", rings=outline(((0.0, 0.0), (50.0, 0.0), (0.0, 80.0))))


def sayable(labels: ImageLabels) -> ImageLabels:
    """What YOLO has no place for: ids are the lines' numbers."""
    objects = tuple(
        replace(item, id=str(n), attributes={}) for n, item in enumerate(labels.objects, 1)
    )
    return replace(labels, objects=objects)


def come_back(labels: list[ImageLabels]) -> bool:
    sizes = {each.image_name: (each.width or 0, each.height or 0) for each in labels}
    with TemporaryDirectory() as folder:
        yolo.write(labels, folder, lossy=True)
        got = list(yolo.read(folder, Reading(sizes.__getitem__)))
    return is_near(got, [sayable(each) for each in labels])


@given(images(boxes))
def test_boxes_come_back_within_a_millionth_of_a_pixel(labels):
    assert come_back(labels)


@given(images(polygons))
def test_polygons_come_back_within_a_millionth_of_a_pixel(labels):
    assert come_back(labels)


@given(st.lists(texts, unique=True, max_size=5))
@example(["no", "1", "a\nb", "\x85", "", "# a: b", "'\"", "x" * 300 + " y"])
def test_labels_of_any_letters_keep_their_numbers(labels_order):
    objects = tuple(replace(CAR, id=label, label=label) for label in labels_order)
    labels = ImageLabels("a.jpg", 100, 80, objects)
    with TemporaryDirectory() as folder:
        yolo.write([labels], folder, labels_order)
        settings = yaml.safe_load(Path(folder, "data.yaml").read_text(encoding="utf-8"))
        (got,) = yolo.read(folder, Reading(lambda name: (100, 80)))
    assert settings["names"] == dict(enumerate(labels_order))
    assert [item.label for item in got.objects] == labels_order


def test_the_files_are_in_ultralytics_layout(tmp_path):
    bus = LabeledObject("x", "ÖPNV: bus", "box", box=Box(0.0, 0.0, 100.0, 80.0))
    labels = [
        ImageLabels("drive/1/0.jpg", 100, 80, (CAR, bus)),
        ImageLabels("drive/1/1.png", 100, 80, ()),
    ]
    assert yolo.write(labels, tmp_path, ["person", "ÖPNV: bus", "car"]) == Written(2, 2, {})
    files = {file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*.*")}
    assert files == {
        "data.yaml",
        "images.txt",
        "labels/drive/1/0.txt",
        "labels/drive/1/1.txt",
    }
    settings = (tmp_path / "data.yaml").read_text(encoding="utf-8")
    assert "ÖPNV: bus" in settings
    assert yaml.safe_load(settings) == {
        "train": "images.txt",
        "val": "images.txt",
        "names": {0: "person", 1: "ÖPNV: bus", 2: "car"},
    }
    images_list = (tmp_path / "images.txt").read_text()
    assert images_list == "./images/drive/1/0.jpg\n./images/drive/1/1.png\n"
    lines = (tmp_path / "labels/drive/1/0.txt").read_text()
    assert lines == "2 0.25 0.5 0.3 0.5\n1 0.5 0.5 1.0 1.0\n"
    assert (tmp_path / "labels/drive/1/1.txt").read_text() == ""


def test_polygons_are_lines_of_corners(tmp_path):
    yolo.write([ImageLabels("a.jpg", 100, 80, (ROAD,))], tmp_path)
    assert (tmp_path / "labels/a.txt").read_text() == "0 0.0 0.0 0.5 0.0 0.0 1.0\n"


def test_polygons_beside_boxes_become_the_boxes_around_them(tmp_path):
    labels = [ImageLabels("a.jpg", 100, 80, (ROAD,)), ImageLabels("b.jpg", 100, 80, (CAR,))]
    with pytest.raises(ValueError, match=r"image 'a\.jpg', object 1 \(road\): YOLO cannot say"):
        yolo.write(labels, tmp_path)
    assert yolo.write(labels, tmp_path, lossy=True) == Written(2, 2, {"outlines beside boxes": 1})
    assert (tmp_path / "labels/a.txt").read_text() == "1 0.25 0.5 0.5 1.0\n"
    assert (tmp_path / "labels/b.txt").read_text() == "0 0.25 0.5 0.3 0.5\n"


@pytest.mark.parametrize("name", ["images/a.jpg", "a/images/b.jpg", "labels/a.jpg", "a", "a.b.c"])
def test_the_labels_are_where_ultralytics_looks_for_them(name, tmp_path):
    yolo.write([ImageLabels(name, 100, 80, (CAR,))], tmp_path)
    image = str(tmp_path / "images" / name)
    before_labels, _, after = image.rpartition("/images/")
    expected = Path(f"{before_labels}/labels/{after}").with_suffix(".txt")
    assert expected.read_text() == "0 0.25 0.5 0.3 0.5\n"
    (labels,) = yolo.read(tmp_path, Reading(lambda name: (100, 80)))
    assert labels.image_name == name


def test_a_name_that_ends_in_a_space_cannot_stand_in_a_list(tmp_path):
    with pytest.raises(ValueError, match="can stand in a line of a list"):
        yolo.write([ImageLabels("a.jpg ", 100, 80, ())], tmp_path)


def dataset(path: Path, files: dict[str, str], settings: object = None) -> list[ImageLabels]:
    """As other tools write it, with the images beside."""
    settings = settings or {"train": "images/train", "val": "images/val", "names": ["car", "bus"]}
    for name, text in {"data.yaml": yaml.safe_dump(settings), **files}.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text, encoding="utf-8")
    return list(yolo.read(path, Reading(lambda name: (200, 100))))


TREE = {
    "images/train/a.jpg": "",
    "images/train/b.PNG": "",
    "images/val/c.jpg": "",
    "images/val/readme.md": "",
    "labels/train/a.txt": "1 0.5 0.5 0.1 0.2\n\n0 .5 .5 1 1\n",
    "labels/val/c.txt": "",
    "labels/classes.txt": "car\nbus\n",
}


@pytest.mark.parametrize(
    ("settings", "is_split"),
    [
        pytest.param(None, True, id="folders"),
        pytest.param(
            {"path": ".", "train": ["images/train", "./images/val"], "names": {0: "car", 1: "bus"}},
            False,
            id="list of folders",
        ),
        pytest.param({"path": "images", "train": ".", "names": ["car", "bus"]}, False, id="a path"),
    ],
)
def test_other_tools_datasets_are_read(settings, is_split, tmp_path):
    train, validation = (("train",), ("validation",)) if is_split else ((), ())
    bus = LabeledObject("1", "bus", "box", box=Box(90.0, 40.0, 20.0, 20.0))
    car = LabeledObject("3", "car", "box", box=Box(0.0, 0.0, 200.0, 100.0))
    assert dataset(tmp_path, TREE, settings) == [
        ImageLabels("train/a.jpg", 200, 100, (bus, car), splits=train),
        ImageLabels("train/b.PNG", 200, 100, (), "unlabeled", splits=train),
        ImageLabels("val/c.jpg", 200, 100, (), splits=validation),
    ]


def test_a_file_with_polygons_is_read(tmp_path):
    files = {
        "images/train/a.jpg": "",
        "labels/train/a.txt": "0 0 0 1 0 0.5 1\n",
        "images/val/b": "",
    }
    (labels,) = dataset(tmp_path, files)
    assert labels.objects == (
        LabeledObject(
            "1", "car", "polygon", rings=outline(((0.0, 0.0), (200.0, 0.0), (100.0, 100.0)))
        ),
    )


def test_sizes_are_needed(tmp_path):
    with pytest.raises(ValueError, match="does not tell the images' sizes"):
        list(yolo.read(tmp_path))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param("2 0.5 0.5 0.1 0.1", "wanted the number of a class", id="unknown class"),
        pytest.param("car 0.5 0.5 0.1 0.1", "wanted the number of a class", id="class by name"),
        pytest.param("0 0.5 0.5 x 0.1", "wanted the number of a class", id="no number"),
        pytest.param("0 0.5 0.5 nan 0.1", "0 to 1", id="not a number"),
        pytest.param("0 320 240 20 20", "parts of the image's size, 0 to 1", id="pixels"),
        pytest.param("0 0.5 -0.5 0.1 0.1", "0 to 1", id="negative"),
        pytest.param("0 0.5 0.5", "wanted cx, cy, width, height", id="two numbers"),
        pytest.param("0 0 0 1 0 0 1\n0 0.5 0.5 0.1 0.1", "a.txt:3: wanted x and y", id="mixed"),
        pytest.param("0 0 0 1 0 0 1 1", "wanted x and y of 3 points", id="odd"),
    ],
)
def test_a_wrong_line_is_named_with_its_number(line, reason, tmp_path):
    first = "0 0 0 1 0 0 1" if "x and y" in reason else "0 0.5 0.5 0.1 0.1"
    files = TREE | {"labels/train/a.txt": f"{first}\n{line}\n"}
    with pytest.raises(ValueError, match=r"labels/train/a\.txt:[23]: ") as raised:
        dataset(tmp_path, files)
    assert reason in str(raised.value)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        pytest.param({"nc": 3, "names": ["car"]}, "as nc says, 3, got 1", id="nc"),
        pytest.param({"train": "images"}, "wanted the classes' names, got 'None'", id="no names"),
        pytest.param(
            {"names": [["car"]]}, "a number of its own and a text, got 0: ['car']", id="list"
        ),
        pytest.param({"names": {"a": "car"}}, "wanted a number of its own", id="number"),
        pytest.param(
            {"names": {"0": "car", "00": "bus"}}, "wanted a number of its own", id="twice"
        ),
        pytest.param({"names": ["car"], "kpt_shape": [17]}, "kpt_shape: wanted", id="keypoints"),
        pytest.param(["x"], "data.yaml: wanted names, train and val", id="a list"),
    ],
)
def test_wrong_settings_are_named(settings, reason, tmp_path):
    with pytest.raises(ValueError, match=r"data\.yaml") as raised:
        dataset(tmp_path, TREE, settings)
    assert reason in str(raised.value)


def test_settings_that_are_no_yaml_are_named(tmp_path):
    (tmp_path / "data.yaml").write_text("names: [")
    with pytest.raises(ValueError, match=r"data\.yaml: wanted YOLO's data\.yaml"):
        list(yolo.read(tmp_path, Reading(lambda name: (1, 1))))


def test_two_images_of_one_label_file_are_refused(tmp_path):
    files = TREE | {"images/train/a.png": ""}
    with pytest.raises(ValueError, match=r"images/train/a.* have one label file"):
        dataset(tmp_path, files)
