"""Objects, typed where they are read; and what differs between two ways of labeling an image."""

import pytest

from tests.paths import ROOT
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.changes import changes
from vidset.datasets.versions.objects import content_of, normalized, read_objects


def box(id_, label, x, y, width=30, height=40, **more):
    edges = {"x": x, "y": y, "width": width, "height": height}
    return {"id": id_, "label": label, "type": "box", "box": edges, **more}


def said(*documents):
    return None, to_json(list(documents))


SQUARE = [{"x": 0, "y": 0}, {"x": 10, "y": 0}, {"x": 10, "y": 10}, {"x": 0, "y": 10}]
POLYGON = {"id": "1", "label": "road", "type": "polygon", "box": None, "points": SQUARE}
HOLE = [{"x": 2, "y": 2}, {"x": 4, "y": 2}, {"x": 4, "y": 4}, {"x": 2, "y": 4}]


def with_rings(outside, *holes):
    rings = [{"points": outside}, *({"points": hole, "hole": True} for hole in holes)]
    return {"id": "1", "label": "road", "type": "polygon", "box": None, "rings": rings}


def mask(counts, height):
    said = {"size": [height, 4], "counts": counts}
    return {"id": "1", "label": "road", "type": "mask", "box": None, "mask": said}


def turned(id_, label, x, y, angle):
    document = box(id_, label, x, y)
    return {**document, "box": {**document["box"], "angle": angle}}


def test_objects_of_older_and_newer_documents_are_read():
    rings = [{"points": SQUARE, "hole": False}, {"points": HOLE, "hole": True}]
    newer = {**POLYGON, "points": None, "rings": rings, "mask": None, "attributes": {}}
    old, new, car = read_objects(to_json([POLYGON, newer, turned("2", "car", 1, 2, 30.0)]))
    assert (old.bounds, old.area) == ((0, 0, 10, 10), 100)
    assert (new.bounds, new.area) == ((0, 0, 10, 10), 96)
    assert (car.box.angle, car.area) == (30.0, pytest.approx(1200))
    assert car.bounds == pytest.approx((-6.99, -2.821, 45.981, 49.641), abs=1e-3)
    mask = {"size": [3, 4], "counts": "14110"}
    [blot] = read_objects(to_json([{"id": "1", "label": "road", "type": "mask", "mask": mask}]))
    assert (blot.mask.runs(), blot.bounds, blot.area) == ([1, 4, 1, 5, 1], (0, 0, 4, 3), 9)
    assert read_objects(None) == ()


def test_other_ids_another_order_and_another_release_say_the_same():
    first = to_json([box("7", "car", 1, 2, attributes={}), POLYGON])
    ring = {**POLYGON, "id": "5", "rings": [{"points": SQUARE}], "attributes": {}}
    del ring["points"]
    assert content_of(first) == content_of(to_json([ring, box("a", "car", 1.0, 2.0)]))
    assert content_of(first) != content_of(to_json([POLYGON]))
    assert content_of("[]") != content_of(None)


def test_normalized_objects_are_numbered_by_what_they_say():
    one, two = box("44", "car", 1, 2), box("3", "car", 5, 2)
    assert normalized([one, two]) == normalized([{**two, "id": "x"}, {**one, "id": "y"}])
    assert [each["id"] for each in normalized([two, one])] == ["1", "2"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(said(box("1", "car", 1, 2)), said(box("9", "car", 1, 2)), [], id="same"),
        pytest.param(
            said(box("1", "car", 10, 20)),
            said(box("1", "car", 90, 20)),
            ["car moved from 10, 20 (30 x 40) to 90, 20 (30 x 40)"],
            id="moved",
        ),
        pytest.param(
            said(box("1", "car", 10, 20)),
            said(box("1", "truck", 10, 20)),
            ["car at 10, 20 (30 x 40) -> truck"],
            id="relabeled",
        ),
        pytest.param(
            said(box("1", "car", 10, 20), box("2", "car", 100, 20)),
            said(box("2", "car", 100, 20), box("3", "bus", 300, 20)),
            ["removed car at 10, 20 (30 x 40)", "added bus at 300, 20 (30 x 40)"],
            id="one gone, one new",
        ),
        pytest.param(
            said(box("1", "car", 10, 20), box("2", "car", 100, 20)),
            said(box("1", "car", 101, 20), box("2", "car", 11, 20)),
            [
                "car moved from 10, 20 (30 x 40) to 11, 20 (30 x 40)",
                "car moved from 100, 20 (30 x 40) to 101, 20 (30 x 40)",
            ],
            id="the nearest first",
        ),
        pytest.param(
            said(box("1", "car", 10, 20)),
            said(box("1", "car", 10, 20, attributes={"hidden": True})),
            ["car at 10, 20 (30 x 40): its attributes changed"],
            id="attributes",
        ),
        pytest.param(
            said(POLYGON),
            said(with_rings(SQUARE, HOLE)),
            ["road at 0, 0 (10 x 10): its outline (1 -> 2 rings) changed"],
            id="a hole",
        ),
        pytest.param(
            said(mask("0<", 3)),
            said(mask("0;1", 3)),
            ["road at 0, 0 (4 x 3): its mask (12 px -> 11 px) changed"],
            id="a pixel",
        ),
        pytest.param(
            said(box("1", "car", 10, 20)),
            said(turned("1", "car", 10, 20, 15.0)),
            ["car at 5.33473, 16.7992 (39.3305 x 46.4016) turned from 0 to 15 degrees"],
            id="turned",
        ),
        pytest.param(("cat", None), ("dog", None), ["cat -> dog"], id="class"),
        pytest.param(("cat", None), ("cat", "[]"), ["objects are asked for"], id="asked"),
    ],
)
def test_changes_name_the_object_and_where_it_was(before, after, expected):
    assert changes(before, after) == expected


def test_the_text_of_objects_is_parsed_in_one_place():
    """Other modules of the datasets parse JSON of another kind, which is named here."""
    others = {
        "curation/apply.py": "the steps of made_by",
        "curation/fixes.py": "a file of fixes",
        "versions/repository.py": "the log of names",
    }
    folder = ROOT / "vidset" / "datasets"
    parsing = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if "json.loads(" in path.read_text()
    }
    assert parsing == {"versions/objects.py", *others}
