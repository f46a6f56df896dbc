"""What comes back of labels that are written as CSV, for CVAT and for Datumaro."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given

from tests.formats.strategies import boxes, images, polygons
from vidset.formats import csv_files, cvat, datumaro
from vidset.formats.format import ImageLabels
from vidset.labeling.annotation import Box, LabeledObject, Ring
from vidset.masks import Mask

_PIXELS = np.zeros((80, 100), bool)
_PIXELS[10:20, 30:50] = _PIXELS[40, 0] = True
_RINGS = (
    Ring(((0.0, 0.0), (9.5, 0.0), (0.0, 9.0))),
    Ring(((50.0, 50.0), (60.0, 50.0), (50.0, 60.0))),
)
EVERYTHING = ImageLabels(
    "drive/0.jpg",
    100,
    80,
    (
        LabeledObject("1", "car", "box", box=Box(10.5, 20.0, 30.25, 4.0)),
        LabeledObject("2", "car", "rotated_box", box=Box(40.0, 30.0, 20.0, 10.0, 30.5)),
        LabeledObject("3", "road", "polygon", rings=_RINGS, attributes={"far": True, "n": 2}),
        LabeledObject("4", "sky", "mask", mask=Mask.of(_PIXELS), attributes={"what": 'a, "b" <c>'}),
        LabeledObject("5", "night", "classification", attributes={"how": 0.5}),
    ),
    video_uri="drive.mp4",
    pts_seconds=1.5,
    collector_id="c7",
    revision=3,
    image_id="0" * 32,
)


@pytest.mark.parametrize("module", [csv_files, cvat, datumaro])
def test_everything_that_an_annotation_holds_comes_back(module, tmp_path):
    assert module.write([EVERYTHING], tmp_path / "a").dropped == {}
    assert list(module.read(tmp_path / "a")) == [EVERYTHING]


@pytest.mark.parametrize("module", [csv_files, datumaro])
def test_labels_come_back_exactly(module):
    @given(images(boxes, polygons))
    def check(labels):
        labels = [
            replace(
                each,
                objects=tuple(
                    item
                    for item in each.objects
                    if item.label.strip()
                    and "\0" not in item.label + item.id + (each.annotator or "")
                    and "object_id" not in item.attributes
                ),
            )
            for each in labels
        ]
        with TemporaryDirectory() as folder:
            module.write(labels, Path(folder, "a"))
            assert list(module.read(Path(folder, "a"))) == labels

    check()


def test_holes_become_masks_where_a_format_has_none(tmp_path):
    ring = Ring(((10.0, 10.0), (40.0, 10.0), (40.0, 40.0), (10.0, 40.0)))
    hole = Ring(((20.0, 20.0), (30.0, 20.0), (30.0, 30.0), (20.0, 30.0)), hole=True)
    item = LabeledObject("1", "car", "polygon", rings=(ring, hole))
    labels = replace(EVERYTHING, objects=(item,))
    csv_files.write([labels], tmp_path / "a.csv")
    assert list(csv_files.read(tmp_path / "a.csv")) == [labels]
    for module in cvat, datumaro:
        with pytest.raises(ValueError, match=r"object 1 .car.: .* cannot say outlines of polygons"):
            module.write([labels], tmp_path / "a")
        module.write([labels], tmp_path / "a", lossy=True)
        [[read]] = [each.objects for each in module.read(tmp_path / "a")]
        assert read.type == "mask"
        assert read.mask.area == 800


def test_attributes_of_several_kinds_are_texts_for_cvat_and_that_is_a_loss(tmp_path):
    objects = (
        LabeledObject("1", "car", "box", box=Box(0, 0, 2, 2), attributes={"n": 1}),
        LabeledObject("2", "car", "box", box=Box(0, 0, 2, 2), attributes={"n": "x"}),
    )
    labels = replace(EVERYTHING, objects=objects)
    with pytest.raises(ValueError, match="cannot say attributes of several kinds"):
        cvat.write([labels], tmp_path / "a")
    assert cvat.write([labels], tmp_path / "a", lossy=True).dropped == {
        "attributes of several kinds": 1
    }
    [read] = cvat.read(tmp_path / "a")
    assert [item.attributes for item in read.objects] == [{"n": "1"}, {"n": "x"}]


def test_a_group_of_datumaro_that_is_no_number_is_named_with_its_place(tmp_path):
    file = tmp_path / "out.json"
    datumaro.write([EVERYTHING], file)
    file.write_text(file.read_text().replace('"group": 3', '"group": [3]'))
    with pytest.raises(
        ValueError, match=r"annotations\[\d+\]: wanted group as a whole number, got \[3\]"
    ):
        list(datumaro.read(file))
