import cv2
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.datasets.rows import Row, candidates_of, drawing, encoded, scene
from vidset.datasets.errors import DatasetError
from vidset.datasets.images.measures import measure
from vidset.datasets.splits.groups import join_groups

BLANK = encoded(np.full((8, 8), 255, np.uint8))


def groups_of(rows, near_distance=6) -> list[str]:
    return join_groups(*candidates_of(rows), near_distance)


def partition(rows, near_distance=6) -> list[set[str]]:
    """The uris that are together, largest first."""
    found: dict[str, set[str]] = {}
    for row, group in zip(rows, groups_of(rows, near_distance), strict=True):
        found.setdefault(group, set()).add(row.uri)
    return sorted(found.values(), key=lambda uris: (-len(uris), sorted(uris)))


def test_images_of_a_source_group_stay_together_and_keep_its_name():
    rows = [
        Row("a", encoded(scene(0)), group="drive"),
        Row("b", encoded(scene(1)), group="drive"),
        Row("c", encoded(scene(2)), group="walk"),
    ]
    assert groups_of(rows) == ["drive", "drive", "walk"]


def test_an_image_without_group_is_one_of_its_own_named_by_its_hash():
    data = encoded(scene(0))
    assert groups_of([Row("a", data)]) == [measure(data, "a").image_sha256]


@pytest.mark.parametrize(
    "twin",
    [
        pytest.param(encoded(scene(0)), id="the same file"),
        pytest.param(encoded(scene(0), ".bmp"), id="the same pixels"),
        pytest.param(encoded(scene(0), ".jpg", 60), id="nearly the same"),
    ],
)
def test_videos_with_the_same_picture_become_one_group(twin):
    rows = [
        Row("a", encoded(scene(0)), group="walk"),
        Row("b", encoded(scene(1)), group="walk"),
        Row("c", twin, group="drive"),
        Row("d", encoded(scene(2)), group="drive"),
        Row("e", encoded(scene(3)), group="ride"),
    ]
    assert groups_of(rows) == ["drive"] * 4 + ["ride"]


def test_near_duplicates_stay_apart_where_that_is_asked_for():
    rows = [Row("a", encoded(scene(0))), Row("b", encoded(scene(0), ".jpg", 60))]
    assert partition(rows, None) == [{"a"}, {"b"}]
    assert partition(rows) == [{"a", "b"}]


def test_what_was_made_of_an_image_is_in_its_group():
    rows = [
        Row("a", encoded(scene(0)), group="drive"),
        Row("turned", encoded(np.rot90(scene(0))), origin="a"),
        Row("also", encoded(scene(5)), origin="a"),
        Row("b", encoded(scene(1))),
    ]
    assert partition(rows) == [{"a", "turned", "also"}, {"b"}]


def test_what_was_made_of_one_image_is_together_without_that_image():
    made = encoded(scene(7))
    rows = [Row("a", encoded(scene(0))), Row("b", encoded(scene(1))), Row("c", made)]
    images, measures = candidates_of(rows)
    gone = "f" * 64
    images = images.set_column(2, "origin", pa.array([gone, gone, images["origin"][2].as_py()]))
    first, second, third = join_groups(images, measures, None)
    assert first == second != third


def test_a_chain_of_near_duplicates_is_one_group():
    first, last = scene(0), scene(1)
    blends = [cv2.addWeighted(first, 1 - t, last, t, 0) for t in np.linspace(0, 1, 40)]
    rows = [Row(str(number), encoded(picture)) for number, picture in enumerate(blends)]
    assert len(partition([rows[0], rows[-1]])) == 2
    assert len(partition(rows)) == 1


def test_black_frames_do_not_make_one_group_of_all_videos():
    rows = [
        Row("a", BLANK, group="drive"),
        Row("b", BLANK, group="walk"),
        Row("c", encoded(scene(0)), group="walk"),
        Row("d", BLANK),
        Row("e", encoded(np.full((8, 8), 255, np.uint8), ".bmp")),
    ]
    assert partition(rows) == [{"b", "c"}, {"d", "e"}, {"a"}]


def test_an_image_that_was_not_measured_is_named():
    images, measures = candidates_of([Row("a", encoded(scene(0)))])
    with pytest.raises(DatasetError, match=f"image {images['image_sha256'][0]}: it was not"):
        join_groups(images, measures.slice(0, 0), 6)


@settings(max_examples=40)
@given(st.data())
def test_the_order_of_images_says_nothing(data):
    number = st.integers(0, 5)
    kinds = st.sampled_from([".png", ".bmp", ".jpg"])
    drawn = data.draw(st.lists(st.tuples(number, kinds, st.sampled_from([None, "x", "y"]))))
    rows = [
        Row(str(place), encoded(drawing(seed, (64, 64)), ending), group=group)
        for place, (seed, ending, group) in enumerate(drawn)
    ]
    shuffled = data.draw(st.permutations(rows))
    wanted = {row.uri: group for row, group in zip(rows, groups_of(rows), strict=True)}
    got = {row.uri: group for row, group in zip(shuffled, groups_of(shuffled), strict=True)}
    assert got == wanted
