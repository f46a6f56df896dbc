"""Label files that are odd and legal: capital endings, byte order marks, commas at the end."""

import json
from pathlib import Path

import pytest

from vidset.formats.reading import Reading
from vidset.formats.registry import format_named

_MAC = b"\x00\x05\x16\x07"
_COCO = json.dumps(
    {
        "images": [{"id": 1, "file_name": "b c\\a.jpg", "width": 200, "height": 100}],
        "categories": [{"id": 1, "name": "car"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}],
    }
)
_VOC = (
    "<annotation><filename>1.jpg</filename><object><name>car</name><bndbox><xmin>1</xmin>"
    "<ymin>2</ymin><xmax>4</xmax><ymax>6</ymax></bndbox></object></annotation>"
)
_SHAPE = {"label": "car", "shape_type": "rectangle", "points": [[1, 2], [4, 6]]}
_LABELME = json.dumps(
    {"imagePath": "..\\b c\\1.jpg", "imageWidth": 200, "imageHeight": 100, "shapes": [_SHAPE]}
)
_ITEM = {
    "id": "1",
    "image": {"path": "1.jpg", "size": [100, 200]},
    "annotations": [{"type": "bbox", "label_id": 0, "bbox": [1, 2, 3, 4]}],
}
_DATUMARO = json.dumps({"categories": {"label": {"labels": [{"name": "car"}]}}, "items": [_ITEM]})
_CSV = "filename,width,height,class,xmin,ymin,xmax,ymax"
_CVAT = (
    "<annotations><image name='C:\\x\\1.jpg' width='200' height='100'>"
    "<box label='car' xtl='1' ytl='2' xbr='4' ybr='6'/></image></annotations>"
)
_YOLO = {"data.yaml": "train: images\nnames: [car]\n", "images/1.JPG": ""}
_BOX = "0 .0125 .04 .015 .04"


@pytest.mark.parametrize(
    ("name", "files", "image"),
    [
        pytest.param("coco", {"A.JSON": "\ufeff" + _COCO}, "b c/a.jpg", id="COCO"),
        pytest.param("voc", {"1.XML": "\ufeff" + _VOC}, "1.jpg", id="VOC"),
        pytest.param("labelme", {"1.JSON": _LABELME}, "b c/1.jpg", id="labelme"),
        pytest.param("datumaro", {"annotations/A.JSON": _DATUMARO}, "1.jpg", id="Datumaro"),
        pytest.param("cvat", {"A.XML": _CVAT}, "x/1.jpg", id="CVAT"),
        pytest.param("csv", {"A.CSV": f"{_CSV}\n1.jpg,200,100,car,1,2,4,6\n"}, "1.jpg", id="CSV"),
        pytest.param(
            "csv",
            {"a.csv": f"\ufeff{_CSV}\r\n1.jpg,200,100,car,1,2,4,6,,\r\n"},
            "1.jpg",
            id="CSV, commas behind the last column",
        ),
        pytest.param(
            "csv",
            {"a.csv": f"{_CSV}\n1.jpg,200,100,car,1,2,4,6\n".replace(",", ", ")},
            "1.jpg",
            id="CSV, spaces behind the commas",
        ),
        pytest.param("yolo", _YOLO | {"labels/1.TXT": f"\ufeff{_BOX}\r\n"}, "1.JPG", id="YOLO"),
        pytest.param("yolo", _YOLO | {"images/1.TXT": _BOX}, "1.JPG", id="YOLO, beside"),
    ],
)
def test_endings_marks_and_paths_of_other_systems_are_read(name, files, image, tmp_path):
    for file, text in files.items():
        path = tmp_path / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if path.suffix.lower() != ".yaml":
            path.with_name(f"._{path.name}").write_bytes(_MAC)
    reading = Reading(lambda _: (200, 100))
    [labels] = format_named(name).read(tmp_path, reading)
    assert labels.image_name == image
    [item] = labels.objects
    assert item.label == "car"
    box = item.box
    assert box is not None
    assert (box.x, box.y, box.width, box.height) == pytest.approx((1, 2, 3, 4))
    assert reading.dropped == {}


@pytest.mark.parametrize("name", ["coco", "cvat", "datumaro", "labelme", "voc", "csv"])
def test_a_folder_without_a_file_of_the_format_is_refused(name, tmp_path):
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(ValueError, match=f"{tmp_path}: wanted"):
        list(format_named(name).read(Path(tmp_path)))


def test_a_column_without_a_name_is_counted(tmp_path):
    (tmp_path / "a.csv").write_text(f",{_CSV}\n0,1.jpg,200,100,car,1,2,4,6\n")
    reading = Reading()
    assert len(list(format_named("csv").read(tmp_path, reading))) == 1
    assert reading.dropped == {"columns without a name": 1}
