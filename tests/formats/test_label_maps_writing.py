"""Label maps that are written are those that are read, pixel by pixel."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.formats.round_trips import dataset
from vidset.formats.format import ImageLabels
from vidset.formats.painting import paint
from vidset.formats.registry import format_named
from vidset.labeling.annotation import Box, LabeledObject, Ring
from vidset.labeling.shapes import pixels_of
from vidset.masks import Mask

FORMATS = ("label-maps", "bdd100k", "cityscapes")
PLANE = np.array([[0, 0, 1, 1, 2], [9, 0, 1, 1, 2], [9, 9, 9, 3, 3]])
NAMES = {0: "road", 1: "car", 2: "sky", 3: "ignored"}  # 9 is nothing.


def masks(plane: np.ndarray = PLANE) -> tuple[LabeledObject, ...]:
    return tuple(
        LabeledObject(str(number), label, "mask", mask=Mask.of(plane == number))
        for number, label in NAMES.items()
    )


def images() -> list[ImageLabels]:
    return [
        ImageLabels("a.jpg", 5, 3, masks()),
        ImageLabels("b.jpg", 5, 3, masks(PLANE[::-1])),
        ImageLabels("empty.jpg", 5, 3, ()),
    ]


def read(name: str, folder: Path, said: list[ImageLabels]) -> dict[str, dict[str, np.ndarray]]:
    """The pixels of each label in each image, with the images where a dataset has them."""
    where = format_named(name).images
    assert where is not None
    for each in said:
        file = folder / f"{where.images}{each.image_name}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return {
        Path(each.image_name).name: {
            item.label: item.mask.pixels() for item in each.objects if item.mask
        }
        for each in format_named(name).read(folder)
    }


@pytest.mark.parametrize("name", FORMATS)
def test_maps_come_back_pixel_by_pixel(tmp_path, name):
    said = images()
    written = format_named(name).writer().write(said, tmp_path)
    assert (written.images, written.objects, written.dropped) == (3, 8, {})
    back = read(name, tmp_path, said)
    assert set(back) == {"a.jpg", "b.jpg", "empty.jpg"}
    # Neither has a number for a background: what nothing covers is ignored there.
    covers = name == "label-maps"
    for file, plane in (("a.jpg", PLANE), ("b.jpg", PLANE[::-1])):
        ignored = plane == 3 if covers else (plane == 3) | (plane == 9)
        wanted = {"road": plane == 0, "car": plane == 1, "sky": plane == 2, "ignored": ignored}
        assert {key: each.tolist() for key, each in back[file].items()} == {
            key: each.tolist() for key, each in wanted.items()
        }
    assert set(back["empty.jpg"]) == (set() if covers else {"ignored"})


def test_numbers_follow_the_order_and_have_names(tmp_path):
    order = ["sky", "bus", "road", "car", "ignored"]
    format_named("label-maps").writer().write(images(), tmp_path, order)
    assert (tmp_path / "classes.txt").read_text() == "background\nsky\nbus\nroad\ncar\n"
    plane = cv2.imread(str(tmp_path / "labels/a_mask.png"), cv2.IMREAD_UNCHANGED)
    assert plane.tolist() == [[3, 3, 4, 4, 1], [0, 3, 4, 4, 1], [0, 0, 0, 255, 255]]


def test_fixed_numbers_are_those_of_the_datasets(tmp_path):
    format_named("bdd100k").writer().write(images(), tmp_path / "b")
    plane = cv2.imread(str(tmp_path / "b/labels/sem_seg/masks/a.png"), cv2.IMREAD_UNCHANGED)
    assert plane[0].tolist() == [0, 0, 13, 13, 10]
    format_named("cityscapes").writer().write(images(), tmp_path / "c")
    plane = cv2.imread(str(tmp_path / "c/gtFine/a_gtFine_labelIds.png"), cv2.IMREAD_UNCHANGED)
    assert plane.tolist() == [[7, 7, 26, 26, 23], [0, 7, 26, 26, 23], [0, 0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("item", "lost"),
    [
        pytest.param(LabeledObject("9", "day", "classification"), "classifications", id="word"),
        pytest.param(LabeledObject("9", "bus", "box", box=Box(0, 0, 2, 2)), "boxes", id="box"),
        pytest.param(
            LabeledObject("9", "bus", "polygon", rings=(Ring(((0, 0), (2, 0), (2, 2))),)),
            "outlines, which become pixels",
            id="polygon",
        ),
        pytest.param(
            LabeledObject("9", "car", "mask", mask=Mask.of(PLANE == 9)),
            "objects that share their label",
            id="two of a label",
        ),
        pytest.param(
            LabeledObject("9", "bus", "mask", mask=Mask.of(PLANE == 9), attributes={"far": True}),
            "attributes",
            id="attribute",
        ),
        pytest.param(
            LabeledObject("9", "bus", "mask", mask=Mask.of(PLANE != 9)),
            "parts of objects that lie under others",
            id="overlap",
        ),
        pytest.param(
            LabeledObject("9", "bus", "mask", mask=Mask.of(np.zeros((3, 5)))),
            "empty masks",
            id="empty",
        ),
    ],
)
def test_what_a_map_cannot_say_is_refused_or_counted(tmp_path, item, lost):
    said = [ImageLabels("a.jpg", 5, 3, (*masks(), item))]
    with pytest.raises(ValueError, match=f"object 9|label bus.*cannot say {lost}|{lost}"):
        format_named("label-maps").writer().write(said, tmp_path / "no")
    assert not (tmp_path / "no").exists()
    written = format_named("label-maps").writer().write(said, tmp_path / "yes", lossy=True)
    assert any(lost in each for each in written.dropped)


@pytest.mark.parametrize("seed", range(12))
def test_any_objects_are_painted_the_smaller_on_top(tmp_path, seed):
    said = dataset(seed)
    format_named("label-maps").writer().write(said, tmp_path, lossy=True)
    back = read("label-maps", tmp_path, said)
    for each in said:
        if each.state != "labeled":
            continue
        plane = np.full((each.height, each.width), "", object)
        shapes = [item for item in each.objects if item.type in ("polygon", "mask")]
        pixels = {item.id: pixels_of(item, each.width or 0, each.height or 0) for item in shapes}
        for item in sorted(shapes, key=lambda item: (-pixels[item.id].sum(), item.label, item.id)):
            plane[pixels[item.id]] = item.label
        found = back[Path(each.image_name).name]
        assert set(found) == set(plane.ravel()) - {""}
        for label, there in found.items():
            assert (there == (plane == label)).all()


def test_labels_that_maps_cannot_name_are_refused(tmp_path):
    def write(name: str, label: str) -> None:
        item = LabeledObject("1", label, "mask", mask=Mask.of(PLANE == 0))
        format_named(name).writer().write([ImageLabels("a.jpg", 5, 3, (item,))], tmp_path)

    with pytest.raises(ValueError, match="the label 'Void' would be read as no thing"):
        write("label-maps", "Void")
    with pytest.raises(ValueError, match="wanted a label that is one line"):
        write("label-maps", "a\nb")
    with pytest.raises(ValueError, match=r"Cityscapes: wanted labels of static, .*, got 'cow'"):
        write("cityscapes", "cow")


def test_areas_to_be_ignored_lie_on_top_of_all():
    whole = LabeledObject("all", "ignored", "mask", mask=Mask.of(np.ones((3, 5))))
    painted, hidden = paint((whole, *masks()), {"ignored": 7, "car": 1}, 5, 3, nothing=0)
    assert (painted == 7).all()
    assert hidden == {"1"}  # The car.
