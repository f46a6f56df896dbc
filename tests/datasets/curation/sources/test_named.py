import pytest

from vidset.datasets.curation.sources.named import Named, parse_source
from vidset.datasets.errors import DatasetError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("coco:a.json", Named("coco", "a.json"), id="format"),
        pytest.param("train=coco:a.json", Named("coco", "a.json", "train"), id="split and format"),
        pytest.param("folders:C:/images", Named("folders", "C:/images"), id="colon in the path"),
        pytest.param("bq://p.d", Named("warehouse", "bq://p.d"), id="BigQuery"),
        pytest.param("warehouse:out", Named("warehouse", "out"), id="warehouse"),
    ],
)
def test_a_source_says_its_format_and_its_split(text, expected):
    assert parse_source(text) == expected


COCO = '{"images": [], "annotations": [], "categories": []}'


@pytest.mark.parametrize(
    ("files", "kind", "path"),
    [
        pytest.param({"cat/1.png": ""}, "folders", "", id="folders"),
        pytest.param({"data.yaml": "", "images/1.png": ""}, "yolo", "", id="YOLO"),
        pytest.param({"1.json": '{"shapes": []}', "1.png": ""}, "labelme", "", id="labelme"),
        pytest.param({"a.json": COCO, "images/1.png": ""}, "coco", "a.json", id="COCO"),
        pytest.param({"a.json": "[]", "images/1.png": ""}, "label-studio", "a.json", id="tasks"),
        pytest.param({"Annotations/1.xml": "", "JPEGImages/1.jpg": ""}, "voc", "", id="VOC"),
        pytest.param(
            {"train/1.xml": "<annotation>", "train/1.jpg": ""}, "voc", "", id="VOC of Roboflow"
        ),
        pytest.param(
            {"train.xml": "<annotations>", "images/1.png": ""}, "cvat", "", id="CVAT's XML"
        ),
        pytest.param({"samples.json": "{}", "data/1.png": ""}, "fiftyone", "", id="FiftyOne"),
    ],
)
def test_what_a_folder_holds_is_seen(tmp_path, files, kind, path):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert parse_source(str(tmp_path)) == Named(
        kind, str(tmp_path / path) if path else str(tmp_path)
    )


def test_a_path_that_looks_like_a_source_is_a_path_where_it_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train=1" / "cat").mkdir(parents=True)
    assert parse_source("train=1") == Named("folders", "train=1")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        pytest.param(("a.json", "b.json"), "several files of labels are in it", id="several"),
        pytest.param(("a.json",), "its format cannot be told; name it", id="foreign"),
    ],
)
def test_labels_that_cannot_be_told_are_never_taken_for_folders(tmp_path, names, message):
    for name in names:
        text = COCO if len(names) > 1 else '{"other": 1}'
        (tmp_path / name).write_text(text)
    with pytest.raises(DatasetError) as raised:
        parse_source(str(tmp_path))
    assert message in str(raised.value)
