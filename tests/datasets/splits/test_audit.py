import json
from collections import Counter
from dataclasses import asdict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.datasets.rows import Row, encoded, manifest_of, scene
from vidset.datasets.errors import DatasetError
from vidset.datasets.splits.audit import audit, find_leaks
from vidset.datasets.splits.leaks import KINDS
from vidset.datasets.versions.manifest import Manifest

SAME, BMP, JPEG = encoded(scene(0)), encoded(scene(0), ".bmp"), encoded(scene(0), ".jpg", 60)


def leaks_of(rows, near_distance=6):
    """(kind, uri of a, uri of b)."""
    found = find_leaks(*manifest_of(rows), near_distance)
    return [(leak.kind, leak.a.image_uri, leak.b.image_uri) for leak in found]


@pytest.mark.parametrize(
    ("twin", "kind"),
    [
        pytest.param(SAME, "exact", id="the same file"),
        pytest.param(BMP, "pixels", id="the same pixels"),
        pytest.param(JPEG, "near", id="nearly the same"),
    ],
)
def test_a_twin_in_another_split_is_a_leak_of_its_kind(twin, kind):
    rows = [
        Row("val", SAME, "validation"),
        Row("train", twin),
        Row("other", encoded(scene(1))),
        Row("more", encoded(scene(2)), "validation"),
    ]
    assert leaks_of(rows) == [(kind, "train", "val")]


def test_twins_within_a_split_are_no_leak():
    assert leaks_of([Row("a", SAME), Row("b", BMP), Row("c", JPEG)]) == []


def test_near_twins_are_no_leak_where_they_are_not_asked_for():
    assert leaks_of([Row("a", SAME), Row("b", JPEG, "test")], None) == []


def test_near_twins_tell_how_near_they_are():
    [leak] = find_leaks(*manifest_of([Row("a", SAME), Row("b", JPEG, "test")]))
    assert leak.distance is not None
    assert leak.likeness is not None
    assert 0 <= leak.distance <= 6
    assert 0.95 <= leak.likeness <= 1
    assert str(leak).startswith(f"a (train) and b (test): near, {leak.distance} bits, ")


def test_what_was_made_of_an_evaluation_image_leaks_into_training():
    rows = [Row("b", SAME, "test"), Row("turned", encoded(np.rot90(scene(0))), origin="b")]
    assert leaks_of(rows) == [("origin", "turned", "b")]


def test_a_video_on_two_sides_leaks():
    rows = [
        Row("a", encoded(scene(0)), "train", group="drive"),
        Row("b", encoded(scene(1)), "validation", group="drive"),
        Row("c", encoded(scene(2)), "validation", group="walk"),
    ]
    assert leaks_of(rows) == [("group", "a", "b")]


@pytest.mark.parametrize(
    ("split", "other", "gives_way"),
    [
        ("train", "validation", "a"),
        ("train", "label_book", "a"),
        ("test", "validation", "a"),
        ("label_book", "validation", "a"),
        ("label_book", "test", "a"),
        ("validation", "test", "b"),
    ],
)
def test_the_side_that_gives_way_comes_first(split, other, gives_way):
    [(_, first, _)] = leaks_of([Row("a", SAME, split), Row("b", SAME, other)])
    assert first == gives_way


def test_an_image_is_named_for_each_other_split_it_is_in():
    rows = [Row("a", SAME), Row("b", BMP, "validation"), Row("c", SAME, "label_book")]
    assert leaks_of(rows) == [
        ("exact", "a", "c"),
        ("pixels", "a", "b"),
        ("pixels", "c", "b"),
    ]


def test_every_copy_is_named_with_one_twin_only():
    copies = [Row(f"train/{n}", SAME) for n in range(300)]
    copies += [Row(f"val/{n}", SAME, "validation") for n in range(200)]
    found = leaks_of(copies)
    assert len(found) == 300 + 200 - 1  # The first two name each other.
    assert {a for _, a, _ in found} == {f"train/{n}" for n in range(300)}
    assert {b for _, _, b in found} == {f"val/{n}" for n in range(200)}


def test_without_the_images_that_give_way_nothing_leaks():
    random = np.random.default_rng(0)
    files = [encoded(scene(n), ending) for n in range(12) for ending in (".png", ".bmp", ".jpg")]
    rows = [
        Row(f"{n}", files[int(random.integers(len(files)))], str(side), group=str(n % 40))
        for n, side in enumerate(random.choice(["train", "validation", "test"], 120))
    ]
    manifest, measures = manifest_of(rows)
    leaving = {leak.a.image_uri for leak in find_leaks(manifest, measures)}
    assert 0 < len(leaving) < 120
    stays = pc.field("image_uri").isin(pa.array(sorted(leaving)))
    assert find_leaks(Manifest(manifest.table.filter(~stays)), measures) == []


def test_counts_tell_how_many_images_of_both_sides_cross():
    rows = [
        *(Row(f"t{n}", SAME) for n in range(3)),
        *(Row(f"v{n}", SAME, "validation") for n in range(2)),
        Row("x", encoded(scene(5)), "validation"),
    ]
    assert audit(*manifest_of(rows)).crossings() == [
        {"kind": "exact", "a": "train", "b": "validation", "a_images": 3, "b_images": 2}
    ]


def test_equal_pixels_with_unequal_labels_contradict_each_other():
    rows = [Row("a", SAME, label="i"), Row("b", BMP, label="v"), Row("c", encoded(scene(1)))]
    [[first, second]] = audit(*manifest_of(rows)).contradictions
    assert {(each.image_uri, each.label) for each in (first, second)} == {("a", "i"), ("b", "v")}


EDGES = ("x", "y", "width", "height")


def box(number: str, label: str, x: float) -> dict:
    return {"id": number, "label": label, "type": "box", "box": dict.fromkeys(EDGES, x)}


@pytest.mark.parametrize(
    ("objects", "contradict"),
    [
        pytest.param([box("9", "car", 1), box("8", "dog", 2)], False, id="other ids and order"),
        pytest.param([box("1", "dog", 2)], True, id="an object less"),
        pytest.param([box("1", "dog", 2), box("2", "cat", 1)], True, id="another label"),
        pytest.param([box("1", "dog", 2), box("2", "car", 3)], True, id="another place"),
    ],
)
def test_objects_contradict_by_what_they_say_and_not_by_their_ids(objects, contradict):
    first = [box("1", "dog", 2), box("2", "car", 1)]
    rows = [Row("a", SAME, objects=first), Row("b", BMP, objects=objects)]
    assert bool(audit(*manifest_of(rows)).contradictions) == contradict


def test_copies_with_equal_labels_within_a_split_are_told():
    rows = [Row("a", SAME), Row("b", BMP), Row("c", SAME, "test"), Row("d", SAME, label="z")]
    found = audit(*manifest_of(rows))
    assert [{each.image_uri for each in same} for same in found.duplicates] == [{"a", "b"}]
    assert len(found.contradictions[0]) == 4


def test_blank_images_are_told_and_are_near_to_nothing():
    rows = [
        Row("white", encoded(np.full((20, 20), 255, np.uint8))),
        Row("black", encoded(np.zeros((20, 20), np.uint8)), "test"),
        Row("also white", encoded(np.full((9, 30), 255, np.uint8)), "test"),
    ]
    found = audit(*manifest_of(rows))
    assert {each.image_uri for each in found.blanks} == {"white", "black", "also white"}
    assert found.leaks == []


def test_the_same_blank_file_in_two_splits_is_an_exact_leak():
    blank = encoded(np.full((20, 20), 255, np.uint8))
    assert leaks_of([Row("a", blank), Row("b", blank, "test")]) == [("exact", "a", "b")]


def test_an_audit_is_json_with_every_leak_in_it():
    rows = [Row("a", SAME), Row("b", JPEG, "test"), Row("c", SAME, "validation")]
    found = audit(*manifest_of(rows))
    read = json.loads(json.dumps(found.to_dict()))
    assert read["leaks"] == [asdict(leak) for leak in found.leaks]
    assert Counter(leak["kind"] for leak in read["leaks"]) == {"exact": 1, "near": 2}
    assert read["crossings"][0]["kind"] == KINDS[0]


def test_an_image_that_was_not_measured_is_named():
    manifest, measures = manifest_of([Row("a", SAME), Row("b", JPEG, "test")])
    with pytest.raises(DatasetError, match=r"image [0-9a-f]{64}: it was not measured"):
        audit(manifest, measures.slice(0, 1))
