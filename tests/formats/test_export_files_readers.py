"""Each format, read back by the tool that defines it."""

import hashlib
import json
from dataclasses import dataclass

import pytest

from tests.cli.exports import EMPTY, FIRST, SECOND, THIRD, images_of, make_labeled
from tests.emulators.environments import skip_or_fail
from tests.emulators.servers import ToolMissingError
from tests.readers.environment import read
from vidset.formats.export import export_files
from vidset.place import Place

CAR = ["car", [1.5, 2.25, 20.5, 10.0]]
CAR_IN_PIXELS = ["car", [2.0, 2.0, 20.0, 10.0]]
PERSON = ["person", [0.0, 0.0, 64.0, 48.0]]
ROAD = ["road", [4.0, 40.0, 30.0, 20.0, 60.0, 44.0]]
AROUND_ROAD = ["road", [4.0, 20.0, 56.0, 24.0]]
MORE = {"c1": {"occluded": "partly", "n": 2}, "p1": {}, "r1": {}}


@dataclass
class Expected:
    """What comes back of CAR, of ROAD, of RAIN; and what was counted as lost."""

    car: list
    road: list
    words: tuple[str, ...]
    dropped: dict[str, int]
    has_attributes: bool = True
    has_ids: bool = False
    # Of a pixel.
    tolerance: float = 0.0


CASES = {
    "coco": Expected(CAR, ROAD, (), {"classifications": 1}),
    "fiftyone": Expected(
        CAR, AROUND_ROAD, (), {"outlines": 1, "classifications": 1}, tolerance=1e-12
    ),
    "labelme": Expected(CAR, ROAD, ("rain",), {}),
    "parquet": Expected(CAR, ROAD, ("rain",), {}, has_ids=True),
    "tfrecord": Expected(
        CAR, AROUND_ROAD, ("rain",), {"outlines": 1}, has_ids=True, tolerance=1e-5
    ),
    "voc": Expected(CAR_IN_PIXELS, AROUND_ROAD, ("rain",), {"outlines": 1}, has_attributes=False),
    "webdataset": Expected(CAR, ROAD, ("rain",), {}, has_ids=True),
    "yolo": Expected(
        CAR,
        AROUND_ROAD,
        (),
        {"classifications": 1, "attributes": 4, "outlines beside boxes": 1},
        has_attributes=False,
        tolerance=1e-5,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_tool_of_a_format_reads_every_object_of_every_image(name, tmp_path):
    out, expected = make_labeled(tmp_path / "out"), CASES[name]
    done = export_files(name, Place.of(str(out)), str(tmp_path / "export"), lossy=True)
    assert (done.images, done.dropped) == (4, expected.dropped)
    try:
        found = read(name, tmp_path / "export", tmp_path)
    except ToolMissingError as missing:
        skip_or_fail(missing)
    index = [json.loads(line) for line in (tmp_path / "export" / "images.jsonl").open()]
    assert sorted(each["image"] for each in index) == [each["image"] for each in found]
    ids = {each["image"]: each["image_id"] for each in index}
    images = {image.id: name for name, image in images_of(out).items()}
    by_name = {images[ids[each["image"]]]: each for each in found}
    assert {image: each["sha256"] for image, each in by_name.items()} == {
        image: hashlib.sha256((out / "images" / image).read_bytes()).hexdigest()
        for image in (FIRST, SECOND, THIRD, EMPTY)
    }
    assert {each["id"] for each in found} == (set(ids.values()) if expected.has_ids else {None})
    assert all(each["size"] == [64, 48] for each in found)
    wanted = {
        FIRST: [expected.car, PERSON],
        SECOND: [expected.car],
        THIRD: [expected.road],
        EMPTY: [],
    }
    for image, objects in wanted.items():
        assert_objects(by_name[image]["objects"], objects, expected.tolerance)
    # Pascal VOC says of boxes, too, which images have them.
    presence = {FIRST: ["car", "person"], SECOND: ["car"], THIRD: ["road"], EMPTY: []}
    for image, each in by_name.items():
        words = list(expected.words) if image == THIRD else []
        assert each["words"] == sorted(words + (presence[image] if name == "voc" else []))
    if expected.has_attributes:
        ids_of = {FIRST: ["c1", "p1"], SECOND: ["c1"], THIRD: ["r1"], EMPTY: []}
        if name == "coco":  # pycocotools fills what we wrote: the polygon's area is 584 pixels.
            assert by_name[THIRD]["more"][0][1].pop("mask") == pytest.approx(584, abs=30)
        for image, object_ids in ids_of.items():
            assert by_name[image]["more"] == [[each, MORE[each]] for each in object_ids]


def assert_objects(got: list, wanted: list, tolerance: float) -> None:
    assert [label for label, _ in got] == [label for label, _ in wanted]
    for (_, numbers), (_, expected) in zip(got, wanted, strict=True):
        assert numbers == pytest.approx(expected, rel=0, abs=tolerance)
