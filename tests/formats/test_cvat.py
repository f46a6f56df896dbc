"""CVAT's XML as CVAT writes it."""

from collections import Counter

import pytest

from vidset.formats import cvat
from vidset.formats.reading import Reading
from vidset.labeling.annotation import Box, LabeledObject, Ring

_HEAD = """<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version><meta><task><id>7</id><labels>
<label><name>car</name><attributes>
<attribute><name>parked</name><mutable>False</mutable><input_type>checkbox</input_type></attribute>
<attribute><name>doors</name><mutable>False</mutable><input_type>number</input_type></attribute>
<attribute><name>colour</name><mutable>False</mutable><input_type>select</input_type></attribute>
</attributes></label><label><name>rain</name><attributes/></label></labels></task></meta>
"""
_IMAGE = '<image id="0" name="a/1.jpg" width="100" height="80">{}</image></annotations>'
_BOX = '<box label="car" source="manual" occluded="{}" xtl="1.50" ytl="2" xbr="11.50" ybr="22" {}>'


@pytest.fixture
def file(tmp_path):
    def write(body: str):
        path = tmp_path / "annotations.xml"
        path.write_text(_HEAD + _IMAGE.format(body))
        return path

    return write


def test_shapes_tags_and_typed_attributes_are_read(file):
    attributes = (
        '<attribute name="parked">true</attribute><attribute name="doors">5</attribute>'
        '<attribute name="colour">red</attribute>'
    )
    body = (
        _BOX.format(1, 'z_order="0" group_id="4"')
        + attributes
        + "</box>"
        + _BOX.format(0, 'rotation="30.00"')
        + "</box>"
        + '<polygon label="car" points="1.0,2.0;9.00,2.00;9.0,8.0" occluded="0" z_order="2"/>'
        + '<mask label="car" occluded="0" rle="1, 3, 2" left="10" top="20" width="3" height="2"/>'
        + '<tag label="rain" source="manual"></tag>'
    )
    [labels] = cvat.read(file(body))
    assert (labels.image_name, labels.width, labels.height) == ("a/1.jpg", 100, 80)
    car, turned, outline, mask, rain = labels.objects
    said = {"parked": True, "doors": 5, "colour": "red", "occluded": True, "group_id": 4}
    assert car == LabeledObject("1", "car", "box", box=Box(1.5, 2, 10, 20), attributes=said)
    assert turned == LabeledObject("2", "car", "rotated_box", box=Box(1.5, 2, 10, 20, 30))
    points = ((1.0, 2.0), (9.0, 2.0), (9.0, 8.0))
    assert (outline.rings, outline.attributes) == ((Ring(points),), {"z_order": 2})
    assert (mask.mask.area, mask.mask.bounds) == (3, (10, 20, 13, 22))
    assert rain == LabeledObject("5", "rain", "classification")


_OTHERS = (
    '<points label="car" points="1,2"/><polyline label="car" points="1,2;3,4"/>'
    '<ellipse label="car" cx="1" cy="2" rx="3" ry="4"/><cuboid label="car"/><skeleton label="car"/>'
)


def test_what_an_annotation_cannot_hold_is_counted_or_refused(file):
    path = file(_BOX.format(0, "") + "</box>" + _OTHERS)
    with pytest.raises(ValueError, match=r"annotations\.xml:\d+: an annotation cannot hold points"):
        list(cvat.read(path))
    reading = Reading(lossy=True)
    [labels] = cvat.read(path, reading)
    assert len(labels.objects) == 1
    assert reading.dropped == Counter(["points", "polylines", "ellipses", "cuboids", "skeletons"])


def test_an_image_without_a_shape_may_not_have_been_annotated(file):
    [labels] = cvat.read(file(""))
    assert (labels.objects, labels.empty_is_told) == ((), False)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param('<box label="car" xtl="1"/>', "ytl: wanted a finite number, got ''", id="gap"),
        pytest.param(
            _BOX.format(0, "").replace("2", "nan") + "</box>", "got 'nan'", id="not a number"
        ),
        pytest.param('<box xtl="1"/>', "wanted <box> with label", id="no label"),
        pytest.param('<polygon label="a" points="1,2;3,4"/>', "3 points or more", id="a line"),
        pytest.param('<circle label="a"/>', "wanted box, .* got <circle>", id="unknown"),
        pytest.param(
            '<mask label="a" rle="9" left="0" top="0" width="2" height="2"/>',
            "wanted run lengths of 2 x 2 pixels, got 9",
            id="mask",
        ),
    ],
)
def test_a_fault_is_named_with_its_line(file, body, message):
    with pytest.raises(
        ValueError, match=rf"annotations\.xml:8: .*{message}|annotations\.xml:8: {message}"
    ):
        list(cvat.read(file(body)))


def test_tracks_of_a_video_are_refused_in_a_sentence(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text('<annotations><track id="0" label="car"><box frame="0"/></track></annotations>')
    with pytest.raises(ValueError, match=r"1 tracks of a video; .* CVAT for images 1\.1"):
        list(cvat.read(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            '<!DOCTYPE a [<!ENTITY b "ccc">]><annotations>&b;</annotations>',
            "without entities of its own",
            id="entities",
        ),
        pytest.param("<annotations>", "no element found: line 1", id="cut off"),
        pytest.param("<a>" * 200, "nested too deep", id="deep"),
        pytest.param("<data/>", "wanted <annotations> of CVAT, got <data>", id="another"),
        pytest.param("", "no element found", id="empty"),
    ],
)
def test_hostile_or_foreign_xml_is_refused(tmp_path, text, message):
    path = tmp_path / "a.xml"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        list(cvat.read(path))
