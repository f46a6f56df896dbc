from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.formats.examples import FILES, LABELS, READABLE, size_of
from vidset.formats.format import ImageLabels, Written
from vidset.formats.reading import Reading
from vidset.formats.registry import format_named


def test_an_unknown_format_is_told_those_there_are():
    with pytest.raises(
        ValueError, match=r"coco, csv, cvat, datumaro, fiftyone, label-maps, .*, got 'nothing'"
    ):
        format_named("nothing")


@pytest.mark.parametrize("name", READABLE)
def test_every_format_reads_back_a_box(name, tmp_path):
    chosen, place = format_named(name), tmp_path / FILES[name]
    assert chosen.writer().write([LABELS], place, ["bus", "car"]) == Written(1, 1, {})
    (labels,) = chosen.read(place, Reading(size_of))
    (item,) = labels.objects
    assert (labels.image_name, labels.width, labels.height) == ("drive/0.jpg", 100, 80)
    assert (item.label, item.type, item.attributes) == ("car", "box", {})
    assert item.box is not None
    assert (item.box.x, item.box.y) == pytest.approx((10, 20))
    assert (item.box.width, item.box.height) == pytest.approx((30, 40))


@pytest.mark.parametrize("name", READABLE)
def test_every_format_writes_and_reads_no_images(name, tmp_path):
    chosen, place = format_named(name), tmp_path / FILES[name]
    assert chosen.writer().write([], place, ["car"]) == Written(0, 0, {})
    assert list(chosen.read(place, Reading(size_of))) == []


@pytest.mark.parametrize("name", READABLE)
def test_every_format_keeps_images_without_objects(name, tmp_path):
    chosen, place = format_named(name), tmp_path / FILES[name]
    empty = replace(LABELS, objects=())
    assert chosen.writer().write([empty], place) == Written(1, 0, {})
    assert list(chosen.read(place, Reading(size_of))) == [empty]


@pytest.mark.parametrize("name", READABLE)
def test_every_format_writes_the_same_bytes_again(name, tmp_path):
    chosen = format_named(name)
    for place in tmp_path / "a", tmp_path / "b":
        chosen.writer().write([LABELS, replace(LABELS, image_name="b.jpg")], place / FILES[name])
    files = [
        {file.relative_to(place): file.read_bytes() for file in place.rglob("*") if file.is_file()}
        for place in (tmp_path / "a", tmp_path / "b")
    ]
    assert files[0]
    assert files[0] == files[1]


@pytest.mark.parametrize("name", READABLE)
def test_no_format_writes_a_label_that_is_not_in_the_order(name, tmp_path):
    with pytest.raises(ValueError, match=r"each label once in the order \['bus'\], missing: \['c"):
        format_named(name).writer().write([LABELS], tmp_path / "out", ["bus"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", READABLE)
def test_no_format_takes_an_order_with_a_label_twice(name, tmp_path):
    with pytest.raises(ValueError, match="each label once in the order"):
        format_named(name).writer().write([LABELS], tmp_path / "out", ["car", "car"])


@pytest.mark.parametrize("name", READABLE)
@pytest.mark.parametrize(
    "image_name", ["../a.jpg", "/a.jpg", "a/../../b.jpg", "C:\\a.jpg", "", "\n"]
)
def test_no_format_writes_outside_of_its_place(name, image_name, tmp_path):
    with pytest.raises(ValueError, match="wanted a relative file name that stays below"):
        format_named(name).writer().write(
            [replace(LABELS, image_name=image_name)], tmp_path / "out"
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["coco", "label-studio", "yolo"])
def test_a_format_that_needs_the_size_asks_for_it(name, tmp_path):
    unknown = replace(LABELS, width=None, height=None)
    with pytest.raises(ValueError, match=r"image 'drive/0\.jpg': .* wants its width and height"):
        format_named(name).writer().write([unknown], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_size_that_labelme_does_not_tell_is_asked_for(tmp_path):
    labelme = format_named("labelme")
    labelme.writer().write([replace(LABELS, width=None, height=None)], tmp_path)
    assert [(each.width, each.height) for each in labelme.read(tmp_path)] == [(None, None)]
    assert [(each.width, each.height) for each in labelme.read(tmp_path, Reading(size_of))] == [
        (100, 80)
    ]


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
        format_named(name).writer().write(labels, tmp_path / "out")


@pytest.mark.parametrize("name", READABLE)
def test_nothing_is_written_when_the_labels_end_in_an_error(name, tmp_path):
    def labels() -> Iterator[ImageLabels]:
        yield LABELS
        raise ConnectionError("the store is gone")

    with pytest.raises(ConnectionError):
        format_named(name).writer().write(labels(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["coco", "label-studio"])
def test_no_half_file_is_left_when_the_file_cannot_be_placed(name, tmp_path):
    (tmp_path / "out.json").mkdir()
    with pytest.raises(IsADirectoryError):
        format_named(name).writer().write([LABELS], tmp_path / "out.json")
    assert list(tmp_path.iterdir()) == [tmp_path / "out.json"]


@pytest.mark.parametrize("name", ["coco", "label-studio", "labelme"])
def test_who_said_it_and_when_is_kept(name, tmp_path):
    chosen, place = format_named(name), tmp_path / FILES[name]
    said = replace(LABELS, annotator="ann", updated_at=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC))
    chosen.writer().write([said], place)
    (labels,) = chosen.read(place)
    assert (labels.annotator, labels.updated_at) == ("ann", said.updated_at)
