import json

import numpy as np
import pytest

from tests.datasets.rows import Row, encoded, manifest_of, scene
from vidset.datasets.schema.statistics import describe, split_order

WHITE = encoded(np.full((10, 20), 255, np.uint8))


def half(level: int, size=(20, 40)) -> bytes:
    """Half of it black, half of `level`."""
    picture = np.zeros(size, np.uint8)
    picture[:, size[1] // 2 :] = level
    return encoded(picture)


def described(*rows) -> dict:
    return describe(*manifest_of(rows))


def thing(label: str, **shape) -> dict:
    return {"id": label, "label": label, "type": "box", **shape}


BOX = {"x": 0, "y": 0, "width": 8, "height": 10}
TRIANGLE = [{"x": 0, "y": 0}, {"x": 20, "y": 0}, {"x": 0, "y": 10}]


def test_labels_are_counted_in_each_split():
    found = described(
        Row("a", half(10), label="i"),
        Row("b", half(20), label="i"),
        Row("c", half(30), label="v"),
        Row("d", half(40), "validation", label="v"),
    )
    assert found["images"] == 4
    assert {name: each["labels"] for name, each in found["splits"].items()} == {
        "train": {"i": 2, "v": 1},
        "validation": {"v": 1},
    }
    assert [each["groups"] for each in found["splits"].values()] == [3, 1]


def test_splits_come_in_the_order_of_work():
    rows = [Row(name, half(n), name) for n, name in enumerate(("test", "a", "validation", "train"))]
    assert list(described(*rows)["splits"]) == ["train", "validation", "test", "a"]
    assert sorted(["b", "test", "train", "a"], key=split_order) == ["train", "test", "a", "b"]


def test_an_image_counts_once_for_a_label_and_each_of_its_objects_once():
    objects = [thing("car", box=BOX), thing("car", points=TRIANGLE), thing("dog")]
    [split] = described(Row("a", half(9), label="street", objects=objects))["splits"].values()
    assert split["labels"] == {"car": 1, "dog": 1, "street": 1}
    assert split["objects"] == {"car": 2, "dog": 1}


def test_kinds_and_pixels_are_counted_for_each_label():
    objects = [thing("car", box=BOX), thing("car", points=TRIANGLE), thing("dog")]
    [split] = described(Row("a", half(9), objects=objects))["splits"].values()
    assert split["types"] == {"box": 3}
    assert split["pixels"] == {"car": {"count": 2, "sum": 180.0, "min": 80.0, "max": 100.0}}


def test_areas_of_objects_are_shares_of_their_image():
    objects = [thing("car", box=BOX), thing("car", points=TRIANGLE), thing("dog")]
    [split] = described(Row("a", half(9), objects=objects))["splits"].values()
    area, count = split["numbers"]["object_area"], split["numbers"]["objects"]
    assert (area["count"], area["min"], area["max"]) == (2, 80 / 800, 100 / 800)
    assert (count["count"], count["mean"]) == (1, 3)


def test_an_image_that_a_person_found_empty_is_labeled_and_one_that_nobody_saw_is_not():
    rows = [Row("a", half(9), label=None, objects=[]), Row("b", half(8), label=None)]
    [split] = described(*rows)["splits"].values()
    assert split["unlabeled"] == 1
    assert split["numbers"]["objects"]["counts"][0] == 1


def test_measures_are_summed_up_with_the_images_at_their_ends():
    rows = [Row("dark", half(100)), Row("light", half(200)), Row("wide", half(150, (10, 80)))]
    [split] = described(*rows)["splits"].values()
    brightness, width = split["numbers"]["brightness"], split["numbers"]["width"]
    assert (brightness["min"], brightness["mean"], brightness["max"]) == (50, 75, 100)
    assert (width["min"], width["max"], width["count"]) == (40, 80, 3)
    assert split["extremes"]["brightness"] == {"min": "dark", "max": "light"}
    assert split["extremes"]["width"]["max"] == "wide"
    assert split["numbers"]["aspect_ratio"]["max"] == 8


def test_blanks_are_named_up_to_a_number():
    white = [encoded(np.full((10, 20 + n), 255, np.uint8)) for n in range(30)]
    rows = [Row(f"{n}", data) for n, data in enumerate(white)]
    [split] = described(*rows, Row("x", half(3)))["splits"].values()
    assert split["blanks"]["images"] == 30
    assert len(split["blanks"]["named"]) == 20


def test_one_file_under_two_names_counts_twice():
    [split] = described(Row("a", WHITE), Row("b", WHITE))["splits"].values()
    assert (split["images"], split["groups"], split["blanks"]["images"]) == (2, 1, 2)


def test_columns_tell_how_many_values_there_are():
    [split] = described(Row("a", half(9), label=None), Row("b", half(8)))["splits"].values()
    assert (split["present"]["label"], split["present"]["image_uri"]) == (1, 2)
    assert split["present"]["video_uri"] == 0


def test_statistics_are_json_and_the_same_in_any_order_of_images():
    rows = [Row(str(n), encoded(scene(n)), "train" if n % 3 else "test") for n in range(12)]
    found = described(*rows)
    assert json.loads(json.dumps(found)) == found
    assert described(*reversed(rows)) == found


def test_every_image_is_counted_across_batches(monkeypatch):
    rows = [Row(f"{n:02}", half(n + 1), "train" if n % 3 else "test") for n in range(25)]
    whole = described(*rows)
    monkeypatch.setattr("vidset.datasets.schema.statistics._CHUNK_ROWS", 4)
    parts = described(*rows)
    assert parts == whole
    assert parts["splits"]["train"]["numbers"]["brightness"]["count"] == 16


@pytest.mark.parametrize("feature", ["brightness", "contrast", "width"])
def test_a_histogram_counts_every_image(feature):
    rows = [Row(str(n), encoded(scene(n))) for n in range(9)]
    [split] = described(*rows)["splits"].values()
    assert sum(split["numbers"][feature]["counts"]) == 9
