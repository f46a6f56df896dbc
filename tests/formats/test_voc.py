"""Pascal VOC, as others write it and as it comes back."""

from dataclasses import replace

import pytest

from tests.formats.test_exact_files import EVERYTHING
from vidset.formats import voc
from vidset.formats.reading import Reading
from vidset.labeling.annotation import Box, LabeledObject, Ring

_XML = """<annotation><folder>x</folder><filename>{name}</filename>
<source><database>{database}</database></source>
<size><width>100</width><height>80</height><depth>3</depth></size>
<object><name>car</name><pose>{pose}</pose><truncated>1</truncated><difficult>0</difficult>
{more}<bndbox><xmin>11</xmin><ymin>21</ymin><xmax>40</xmax><ymax>60</ymax></bndbox></object>
</annotation>"""


def write(folder, name="a.jpg", database="Unknown", pose="Unspecified", more=""):
    folder.mkdir(exist_ok=True)
    text = _XML.format(name=name, database=database, pose=pose, more=more)
    (folder / f"{name.rpartition('.')[0]}.xml").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("database", "box"),
    [
        pytest.param("The VOC2007 Database", Box(10, 20, 30, 40), id="counted from 1"),
        pytest.param("roboflow.ai", Box(10, 20, 30, 40), id="as supervision says it"),
        pytest.param("Unknown", Box(11, 21, 29, 39), id="as labelImg says it"),
    ],
)
def test_a_box_is_read_in_the_file_s_own_counting(tmp_path, database, box):
    [labels] = voc.read(write(tmp_path, database=database, pose="Frontal"))
    said = {"truncated": True, "pose": "Frontal"}
    assert labels.objects == (LabeledObject("1", "car", "box", box=box, attributes=said),)


def test_a_file_that_names_pixel_0_counts_from_there(tmp_path):
    other = "<bndbox><xmin>0</xmin><ymin>3</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
    more = f"{other}</object><object><name>bus</name>"
    [labels] = voc.read(write(tmp_path, database="roboflow.ai", more=more))
    assert [each.box for each in labels.objects] == [Box(0, 3, 9, 6), Box(11, 21, 29, 39)]


def test_parts_are_counted_and_left_out(tmp_path):
    part = "<part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>"
    reading = Reading()
    [labels] = voc.read(write(tmp_path, more=part * 2), reading)
    assert len(labels.objects) == 1
    assert reading.dropped == {"parts of objects (head)": 2}


def test_an_outline_beside_a_box_is_counted(tmp_path):
    reading = Reading()
    outline = "<polygon><x1>1</x1><y1>2</y1></polygon>"
    [labels] = voc.read(write(tmp_path, more=outline), reading)
    assert [item.type for item in labels.objects] == ["box"]
    assert reading.dropped == {"outlines beside boxes": 1}


def test_a_polygon_of_roboflow_is_read(tmp_path):
    text = "<annotation><filename>a.jpg</filename><object><name>car</name><polygon>"
    text += "<x1>1</x1><y1>2</y1><x2>9</x2><y2>2</y2><x3>9</x3><y3>8</y3></polygon></object>"
    (tmp_path / "a.xml").write_text(text + "</annotation>")
    [labels] = voc.read(tmp_path)
    assert labels.objects[0].rings == (Ring(((1.0, 2.0), (9.0, 2.0), (9.0, 8.0))),)


def test_what_was_written_comes_back_within_half_a_pixel(tmp_path):
    said = {"difficult": True, "n": 2, "list": ["a"], "text": "2", "pose": "Left"}
    car = LabeledObject("1", "car", "box", box=Box(10.0, 20.0, 30.0, 4.0), attributes=said)
    night = LabeledObject("night", "night", "classification")
    labels = replace(EVERYTHING, image_name="a b.jpg", objects=(car, night))
    voc.write([labels], tmp_path / "set")
    assert list(voc.read(tmp_path / "set")) == [labels]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param("<xmin>11", "<xmin>x", r"a\.xml:\d+: xmin: wanted a finite number", id="text"),
        pytest.param("<name>car</name>", "", r"a\.xml:\d+: wanted <object> with a name", id="name"),
        pytest.param("bndbox", "box", r"a\.xml:\d+: wanted <object> with a bndbox", id="box"),
        pytest.param("annotation", "x", r"a\.xml:1: wanted <annotation>, got <x>", id="other"),
    ],
)
def test_a_fault_is_named_with_file_and_line(tmp_path, old, new, message):
    file = write(tmp_path) / "a.xml"
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(ValueError, match=message):
        list(voc.read(tmp_path))
