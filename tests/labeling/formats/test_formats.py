import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from labeling.annotation import Box, LabeledObject
from labeling.formats.formats import (
    FORMAT_NAMES,
    ImageLabels,
    Written,
    attributes_in,
    format_named,
    image_size,
    relative_name,
)

CAR = LabeledObject("7", "car", "box", box=Box(10.0, 20.0, 30.0, 40.0))
ROAD = LabeledObject("8", "road", "polygon", points=((0.0, 0.0), (10.0, 0.0), (0.0, 10.0)))
NIGHT = LabeledObject("9", "night", "classification")
LABELS = ImageLabels("drive/0.jpg", 100, 80, (CAR,))
FILES = {"coco": "out.json", "label-studio": "out.json", "labelme": "out", "yolo": "out"}


def size_of(image_name: str) -> tuple[int, int]:
    return 100, 80


def test_an_unknown_format_is_told_those_there_are():
    with pytest.raises(ValueError, match="coco, label-studio, labelme, yolo, got 'voc'"):
        format_named("voc")


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_every_format_reads_back_a_box(name, tmp_path):
    chosen, place = format_named(name), tmp_path / FILES[name]
    assert chosen.write([LABELS], place, ["bus", "car"]) == Written(1, 1, {})
    (labels,) = chosen.read(place, size_of)
    (item,) = labels.objects
    assert (labels.image_name, labels.width, labels.height) == ("drive/0.jpg", 100, 80)
    assert (item.label, item.type, item.attributes) == ("car", "box", {})
    assert item.box is not None
    assert (item.box.x, item.box.y) == pytest.approx((10, 20))
    assert (item.box.width, item.box.height) == pytest.approx((30, 40))


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_every_format_writes_and_reads_no_images(name, tmp_path):
    chosen, place = format_named(name), tmp_path / FILES[name]
    assert chosen.write([], place, ["car"]) == Written(0, 0, {})
    assert list(chosen.read(place, size_of)) == []


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_every_format_keeps_images_without_objects(name, tmp_path):
    chosen, place = format_named(name), tmp_path / FILES[name]
    empty = replace(LABELS, objects=())
    assert chosen.write([empty], place) == Written(1, 0, {})
    assert list(chosen.read(place, size_of)) == [empty]


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_every_format_writes_the_same_bytes_again(name, tmp_path):
    chosen = format_named(name)
    for place in tmp_path / "a", tmp_path / "b":
        chosen.write([LABELS, replace(LABELS, image_name="b.jpg")], place / FILES[name])
    files = [
        {file.relative_to(place): file.read_bytes() for file in place.rglob("*") if file.is_file()}
        for place in (tmp_path / "a", tmp_path / "b")
    ]
    assert files[0]
    assert files[0] == files[1]


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_no_format_writes_a_label_that_is_not_in_the_order(name, tmp_path):
    with pytest.raises(ValueError, match=r"each label once in the order \['bus'\], missing: \['c"):
        format_named(name).write([LABELS], tmp_path / "out", ["bus"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_no_format_takes_an_order_with_a_label_twice(name, tmp_path):
    with pytest.raises(ValueError, match="each label once in the order"):
        format_named(name).write([LABELS], tmp_path / "out", ["car", "car"])


@pytest.mark.parametrize("name", FORMAT_NAMES)
@pytest.mark.parametrize(
    "image_name", ["../a.jpg", "/a.jpg", "a/../../b.jpg", "C:\\a.jpg", "", "\n"]
)
def test_no_format_writes_outside_of_its_place(name, image_name, tmp_path):
    with pytest.raises(ValueError, match="wanted a relative file name that stays below"):
        format_named(name).write([replace(LABELS, image_name=image_name)], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


# What each format cannot say, by what it is given: the count, or None where it can.
REJECTED = replace(LABELS, state="rejected", objects=())
SKIPPED = replace(LABELS, state="skipped", objects=())
EMPTY = "attributes that are empty or named with [] at the end"
CASES = {
    "rejected images": REJECTED,
    "skipped images": SKIPPED,
    "classifications": replace(LABELS, objects=(NIGHT,)),
    "attributes of classifications": replace(
        LABELS, objects=(replace(NIGHT, attributes={"sure": "no"}),)
    ),
    "attributes": replace(LABELS, objects=(replace(CAR, attributes={"a": "x", "b": "y"}),)),
    EMPTY: replace(
        LABELS, objects=(replace(CAR, attributes={"a": "", "b[]": "x", "c": ["", "x"], "d": "y"}),)
    ),
    "repeated classifications": replace(LABELS, objects=(NIGHT, replace(NIGHT, id="10"))),
    "objects outside of the image": replace(LABELS, objects=(replace(CAR, box=Box(0, 0, 101, 9)),)),
    "outlines beside boxes": replace(LABELS, objects=(CAR, ROAD)),
}


@pytest.mark.parametrize(
    ("name", "what", "dropped", "images", "objects"),
    [
        pytest.param("coco", "rejected images", {"rejected images": 1}, 0, 0),
        pytest.param("coco", "skipped images", {"skipped images": 1}, 0, 0),
        pytest.param("coco", "classifications", {"classifications": 1}, 1, 0),
        pytest.param("labelme", "rejected images", {"rejected images": 1}, 0, 0),
        pytest.param("labelme", "skipped images", {"skipped images": 1}, 0, 0),
        pytest.param("labelme", "repeated classifications", {"repeated classifications": 1}, 1, 1),
        pytest.param(
            "labelme",
            "attributes of classifications",
            {"attributes of classifications": 1},
            1,
            1,
        ),
        pytest.param("label-studio", "rejected images", {"rejected images": 1}, 0, 0),
        pytest.param("label-studio", EMPTY, {EMPTY: 3}, 1, 1),
        pytest.param(
            "label-studio",
            "attributes of classifications",
            {"attributes of classifications": 1},
            1,
            1,
        ),
        pytest.param("yolo", "rejected images", {"rejected images": 1}, 0, 0),
        pytest.param("yolo", "skipped images", {"skipped images": 1}, 0, 0),
        pytest.param("yolo", "classifications", {"classifications": 1}, 1, 0),
        pytest.param("yolo", "attributes", {"attributes": 2}, 1, 1),
        pytest.param(
            "yolo",
            "objects outside of the image",
            {"objects outside of the image": 1},
            1,
            0,
        ),
        pytest.param("yolo", "outlines beside boxes", {"outlines beside boxes": 1}, 1, 2),
    ],
)
def test_what_a_format_cannot_say_is_an_error_or_is_counted(
    name, what, dropped, images, objects, tmp_path
):
    chosen, place = format_named(name), tmp_path / "out"
    before = replace(LABELS, image_name="before.jpg")
    with pytest.raises(
        ValueError, match=r"image 'drive/0\.jpg'.* cannot say " + re.escape(what)
    ) as raised:
        chosen.write([before, CASES[what]], place)
    assert "lossy" in str(raised.value)
    assert list(tmp_path.iterdir()) == []
    written = chosen.write([before, CASES[what]], place, lossy=True)
    assert written == Written(images + 1, objects + 1, dropped)
    assert len(list(chosen.read(place, size_of))) == images + 1


@pytest.mark.parametrize(
    ("name", "what"),
    [
        pytest.param("coco", "attributes"),
        pytest.param("coco", EMPTY),
        pytest.param("coco", "outlines beside boxes"),
        pytest.param("coco", "objects outside of the image"),
        pytest.param("labelme", "classifications"),
        pytest.param("labelme", "attributes"),
        pytest.param("labelme", EMPTY),
        pytest.param("labelme", "outlines beside boxes"),
        pytest.param("label-studio", "skipped images"),
        pytest.param("label-studio", "classifications"),
        pytest.param("label-studio", "attributes"),
        pytest.param("label-studio", "outlines beside boxes"),
    ],
)
def test_what_a_format_can_say_is_not_lost(name, what, tmp_path):
    chosen, place = format_named(name), tmp_path / FILES[name]
    chosen.write([CASES[what]], place)
    (labels,) = chosen.read(place, size_of)
    wanted = CASES[what]
    assert labels.state == wanted.state
    assert [(item.label, item.type, item.attributes) for item in labels.objects] == [
        (item.label, item.type, item.attributes) for item in wanted.objects
    ]


@pytest.mark.parametrize("name", ["coco", "label-studio", "yolo"])
def test_a_format_that_needs_the_size_asks_for_it(name, tmp_path):
    unknown = replace(LABELS, width=None, height=None)
    with pytest.raises(ValueError, match=r"image 'drive/0\.jpg': .* wants its width and height"):
        format_named(name).write([unknown], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_size_that_labelme_does_not_tell_is_asked_for(tmp_path):
    labelme = format_named("labelme")
    labelme.write([replace(LABELS, width=None, height=None)], tmp_path)
    assert [(each.width, each.height) for each in labelme.read(tmp_path)] == [(None, None)]
    assert [(each.width, each.height) for each in labelme.read(tmp_path, size_of)] == [(100, 80)]


@pytest.mark.parametrize("name", ["coco", "label-studio", "labelme"])
def test_a_file_of_images_of_another_size_is_refused(name, tmp_path):
    chosen, place = format_named(name), tmp_path / FILES[name]
    chosen.write([replace(LABELS, width=101)], place)
    with pytest.raises(ValueError, match=r"wanted drive/0.jpg's size \(100, 80\), got \(101, 80\)"):
        list(chosen.read(place, size_of))


@pytest.mark.parametrize(
    ("name", "images"),
    [
        pytest.param("coco", ["a.jpg", "./a.jpg"], id="coco"),
        pytest.param("labelme", ["a.jpg", "a.png"], id="labelme"),
        pytest.param("yolo", ["a.jpg", "a.png"], id="yolo"),
    ],
)
def test_two_images_do_not_share_a_place(name, images, tmp_path):
    labels = [replace(LABELS, image_name=image) for image in images]
    with pytest.raises(ValueError, match=f"images '{images[0]}' and '{images[1]}': wanted a place"):
        format_named(name).write(labels, tmp_path / "out")


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_nothing_is_written_when_the_labels_end_in_an_error(name, tmp_path):
    def labels() -> Iterator[ImageLabels]:
        yield LABELS
        raise ConnectionError("the store is gone")

    with pytest.raises(ConnectionError):
        format_named(name).write(labels(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["coco", "label-studio"])
def test_no_half_file_is_left_when_the_file_cannot_be_placed(name, tmp_path):
    (tmp_path / "out.json").mkdir()
    with pytest.raises(IsADirectoryError):
        format_named(name).write([LABELS], tmp_path / "out.json")
    assert list(tmp_path.iterdir()) == [tmp_path / "out.json"]


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
    with pytest.raises(ValueError, match=r"bad\.json: .*wanted"):
        list(format_named(name).read(tmp_path / "bad.json"))


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_a_file_that_is_not_there_is_named(name, tmp_path):
    with pytest.raises(ValueError, match=r"missing.*: wanted"):
        list(format_named(name).read(tmp_path / "missing", size_of))


@pytest.mark.parametrize("name", ["coco", "label-studio", "labelme"])
def test_who_said_it_and_when_is_kept(name, tmp_path):
    chosen, place = format_named(name), tmp_path / FILES[name]
    said = replace(LABELS, annotator="ann", updated_at=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC))
    chosen.write([said], place)
    (labels,) = chosen.read(place)
    assert (labels.annotator, labels.updated_at) == ("ann", said.updated_at)


@pytest.mark.parametrize(
    ("name", "path"),
    [("coco", "images"), ("label-studio", "annotations"), ("labelme", None)],
)
def test_a_time_without_its_zone_is_refused(name, path, tmp_path):
    chosen, place = format_named(name), tmp_path / "a.json"
    chosen.write([LABELS], place if path else tmp_path)
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
