"""COCO's licences come in with each image, and go out again."""

import json
from pathlib import Path

import pytest

from vidset.formats.coco import read, write
from vidset.formats.format import ImageLabels
from vidset.labeling.annotation import Box, LabeledObject
from vidset.rights import NONE, Rights

CAR = LabeledObject("1", "car", "box", box=Box(1, 2, 3, 4))
# As COCO's own files have it: https://cocodataset.org/#format-data.
BY_NC = {"url": "http://creativecommons.org/licenses/by-nc/2.0/", "id": 2, "name": "CC BY-NC"}
INFO = {"description": "COCO", "url": "http://cocodataset.org", "contributor": "COCO Consortium"}


def document(*images: dict, **more) -> dict:
    named = [
        {"id": number, "file_name": f"{number}.jpg", "width": 9, "height": 9} | each
        for number, each in enumerate(images, 1)
    ]
    return {"images": named, "annotations": [], "categories": [], **more}


def rights_in(folder: Path, told: dict) -> list[Rights]:
    (folder / "a.json").write_text(json.dumps(told))
    return [each.rights for each in read(folder / "a.json")]


def test_an_image_has_its_licence_and_what_info_says(tmp_path):
    found = rights_in(
        tmp_path, document({"license": 2}, {"license": 7}, licenses=[BY_NC], info=INFO)
    )
    of_all = Rights(attribution="COCO Consortium", obtained_from="http://cocodataset.org")
    assert found == [Rights("CC BY-NC", BY_NC["url"]).or_else(of_all), of_all]


@pytest.mark.parametrize(
    ("licenses", "image", "expected"),
    [
        pytest.param([BY_NC], {}, Rights("CC BY-NC", BY_NC["url"]), id="one for the file"),
        pytest.param([BY_NC, {"id": 3, "name": "MIT"}], {}, NONE, id="two and none named"),
        pytest.param([{"id": 0, "name": "", "url": ""}], {"license": 0}, NONE, id="CVAT's empty"),
        pytest.param(None, {"license": 1}, NONE, id="a number of no licence"),
        pytest.param(
            [{"id": 1, "url": "https://u"}], {}, Rights(None, "https://u"), id="url alone"
        ),
        pytest.param([7, {"name": "x"}], {"license": "CC0-1.0"}, NONE, id="no entries"),
    ],
)
def test_files_that_say_less_say_no_more_than_they_do(tmp_path, licenses, image, expected):
    assert rights_in(tmp_path, document(image, licenses=licenses)) == [expected]


def test_where_images_name_licences_those_that_do_not_have_none(tmp_path):
    found = rights_in(tmp_path, document({"license": 2}, {}, licenses=[BY_NC]))
    assert found == [Rights("CC BY-NC", BY_NC["url"]), NONE]


def test_a_text_that_is_too_long_is_named_with_its_place(tmp_path):
    entry = {"id": 1, "name": "x" * 9000}
    with pytest.raises(ValueError, match=r"a.json: licenses\[0\]: license: wanted at most 8,192"):
        rights_in(tmp_path, document({}, licenses=[entry]))


def test_rights_go_out_and_come_back(tmp_path):
    each = [
        Rights("CC-BY-4.0", None, "Ada", "https://set", "form 1"),
        Rights("Ours", "https://ours", "Bob", "https://set"),
        Rights(obtained_from="https://set"),
    ]
    labels = [ImageLabels(f"{n}.jpg", 9, 9, (CAR,), rights=said) for n, said in enumerate(each)]
    write(labels, tmp_path / "a.json")
    told = json.loads((tmp_path / "a.json").read_text())
    assert told["licenses"] == [
        {"id": 1, "name": "CC-BY-4.0", "url": "https://creativecommons.org/licenses/by/4.0/"},
        {"id": 2, "name": "Ours", "url": "https://ours"},
    ]
    assert told["info"]["url"] == "https://set"
    assert [image.get("license") for image in told["images"]] == [1, 2, None]
    assert [labels.rights for labels in read(tmp_path / "a.json")] == each


def test_where_nothing_is_stated_nothing_is_written(tmp_path):
    write([ImageLabels("a.jpg", 9, 9, (CAR,))], tmp_path / "a.json")
    told = json.loads((tmp_path / "a.json").read_text())
    assert (told["licenses"], told["info"]) == (
        [],
        {"description": "Exported by vidset", "version": "1.0"},
    )
    assert "license" not in told["images"][0]
