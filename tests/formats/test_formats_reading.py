"""What is not read: files that are malformed, and values that no labels have."""

import json
from dataclasses import replace

import pytest

from tests.formats.examples import FILES, LABELS, READABLE, size_of
from vidset.formats import reading as reading_module
from vidset.formats.reading import Reading, attributes_in, image_size, relative_name
from vidset.formats.registry import format_named


@pytest.mark.parametrize("name", ["coco", "label-studio", "labelme"])
def test_a_file_of_images_of_another_size_is_refused(name, tmp_path):
    chosen, place = format_named(name), tmp_path / FILES[name]
    chosen.writer().write([replace(LABELS, width=101)], place)
    with pytest.raises(ValueError, match=r"wanted drive/0.jpg's size \(100, 80\), got \(101, 80\)"):
        list(chosen.read(place, Reading(size_of)))


@pytest.mark.parametrize("name", ["coco", "label-studio", "labelme"])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"{", id="cut off"),
        pytest.param(b"\xff\xfe\xfd", id="no text"),
        pytest.param(b"[" * 100_000, id="nested deep"),
        pytest.param(b"7", id="number"),
        pytest.param(b"[7]", id="list of numbers"),
        pytest.param(b"{}", id="empty object"),
    ],
)
def test_a_malformed_file_is_named(name, text, tmp_path):
    (tmp_path / "bad.json").write_bytes(text)
    with pytest.raises(ValueError, match=r"bad\.json(:1)?: .*wanted"):
        list(format_named(name).read(tmp_path / "bad.json"))


@pytest.mark.parametrize("name", READABLE)
def test_a_file_that_is_not_there_is_named(name, tmp_path):
    with pytest.raises(ValueError, match=r"missing.*: wanted"):
        list(format_named(name).read(tmp_path / "missing", Reading(size_of)))


@pytest.mark.parametrize(
    ("name", "path"),
    [("coco", "images"), ("label-studio", "annotations"), ("labelme", None)],
)
def test_a_time_without_its_zone_is_refused(name, path, tmp_path):
    chosen, place = format_named(name), tmp_path / "a.json"
    chosen.writer().write([LABELS], place if path else tmp_path)
    file = next(tmp_path.rglob("*.json"))
    document = json.loads(file.read_text())
    part = document[0] if isinstance(document, list) else document
    (part[path][0] if path else part)["updated_at"] = "2026-01-01T00:00:00"
    file.write_text(json.dumps(document))
    with pytest.raises(ValueError, match=r"\.json.*updated_at: wanted a time with its zone"):
        list(chosen.read(file if path else tmp_path))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.jpg", "a.jpg"), ("./a//b/./c.jpg", "a/b/c.jpg"), ("..a/b..jpg", "..a/b..jpg")],
)
def test_names_below_are_kept(name, expected):
    assert relative_name(name, "place") == expected


@pytest.mark.parametrize(
    "name", ["..", "a/..", "/a", "D:/a", "gs://b/a", "a\x00b", "a\nb", "\ud800", ".", ""]
)
def test_names_that_lead_elsewhere_are_refused(name):
    with pytest.raises(ValueError, match=r"^place: wanted a relative file name"):
        relative_name(name, "place")


@pytest.mark.parametrize("told", [(100, None), (0, 80), (100.0, 80), ("100", "80"), (True, 80)])
def test_a_size_is_two_numbers_of_pixels(told):
    with pytest.raises(ValueError, match=r"^place: wanted a width and a height in pixels"):
        image_size(told, "a.jpg", None, "place")


@pytest.mark.parametrize("value", [None, {"a": 1}, [1], float("nan"), [["x"]]])
def test_attributes_are_texts_numbers_or_lists_of_texts(value):
    with pytest.raises(ValueError, match=r"^place: wanted attribute x"):
        attributes_in({"x": value}, "place")


def test_reading_ends_after_so_many_faults_as_no_labels_have(monkeypatch):
    monkeypatch.setattr(reading_module, "_MOST_FAULTS", 3)
    reading = Reading(collects=True)

    def read_all():
        for number in range(9):
            with reading.part(), reading.part():
                raise ValueError(f"fault {number}")

    with pytest.raises(ValueError, match="fault 3; 3 faults were found before"):
        read_all()
    assert reading.faults == ["fault 0", "fault 1", "fault 2"]
