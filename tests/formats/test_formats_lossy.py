"""What each format can and cannot say."""

import re
from dataclasses import replace

import pytest

from tests.formats.examples import CAR, FILES, LABELS, NIGHT, ROAD, size_of
from vidset.formats.format import Written
from vidset.formats.reading import Reading
from vidset.formats.registry import format_named
from vidset.labeling.annotation import Box

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
        chosen.writer().write([before, CASES[what]], place)
    assert "lossy" in str(raised.value)
    assert list(tmp_path.iterdir()) == []
    written = chosen.writer().write([before, CASES[what]], place, lossy=True)
    assert written == Written(images + 1, objects + 1, dropped)
    assert len(list(chosen.read(place, Reading(size_of)))) == images + 1


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
    chosen.writer().write([CASES[what]], place)
    (labels,) = chosen.read(place, Reading(size_of))
    wanted = CASES[what]
    assert labels.state == wanted.state
    assert [(item.label, item.type, item.attributes) for item in labels.objects] == [
        (item.label, item.type, item.attributes) for item in wanted.objects
    ]
