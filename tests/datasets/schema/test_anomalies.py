from copy import deepcopy
from dataclasses import asdict

import numpy as np
import pytest

from tests.datasets.rows import Row, encoded, manifest_of
from vidset.datasets.schema.anomalies import Kind, find_anomalies
from vidset.datasets.schema.schema import Schema, Thresholds, infer
from vidset.datasets.schema.statistics import describe
from vidset.masks import Mask

RANDOM = np.random.default_rng(0)


def picture(level: int, size=(24, 32)) -> bytes:
    """Noise around a level: no two are the same."""
    return encoded(np.clip(RANDOM.normal(level, 9, size), 0, 255).astype(np.uint8))


def rows(counts, split="train", level=128, size=(24, 32), start=0):
    labels = [label for label, count in counts.items() for _ in range(count)]
    return [
        Row(f"{split}/{n + start}", picture(level + n % 5, size), split, label)
        for n, label in enumerate(labels)
    ]


USUAL = [*rows({"i": 60, "v": 60}), *rows({"i": 10, "v": 10}, "validation")]
STATISTICS = describe(*manifest_of(USUAL))


def schema(**thresholds):
    return infer(STATISTICS, "0" * 32, thresholds=Thresholds(**thresholds))


def found(statistics, **thresholds):
    """(kind, split, what), by `find_anomalies`."""
    anomalies = find_anomalies(schema(**thresholds), statistics)
    return [(each.kind, each.split, each.what) for each in anomalies]


def found_in(images, **thresholds):
    return found(describe(*manifest_of(images)), **thresholds)


def changed(split="train", **changes):
    """The usual statistics with something else in a split."""
    statistics = deepcopy(STATISTICS)
    statistics["splits"][split].update(changes)
    return statistics


def test_the_version_that_a_schema_was_frozen_at_has_none():
    assert found(STATISTICS) == []


def test_a_label_that_was_not_there_is_told_once():
    images = [*USUAL, *rows({"x": 3}, start=500), *rows({"x": 2}, "validation", start=500)]
    assert (Kind.NEW_LABEL, None, "x") in found_in(images)


def test_a_label_that_is_gone_is_told():
    images = [row for row in USUAL if row.label != "v"]
    assert (Kind.MISSING_LABEL, None, "v") in found_in(images)


def test_a_label_without_training_images_is_told():
    images = [row for row in USUAL if (row.split, row.label) != ("train", "v")]
    assert (Kind.NOT_TRAINED, "train", "v") in found_in(images)


def test_a_label_that_nothing_is_evaluated_on_is_told():
    images = [row for row in USUAL if (row.split, row.label) != ("validation", "v")]
    assert (Kind.NOT_EVALUATED, None, "v") in found_in(images)


@pytest.mark.parametrize(
    ("split", "told"),
    [
        ("train", [(Kind.EMPTY_SPLIT, "train", "")]),
        ("validation", [(Kind.EMPTY_SPLIT, "validation", ""), (Kind.EMPTY_SPLIT, None, "")]),
    ],
)
def test_a_split_that_is_gone_is_told(split, told):
    assert set(told) <= set(found_in([row for row in USUAL if row.split != split]))


def test_a_split_that_was_not_there_is_told():
    assert (Kind.NEW_SPLIT, "label_book", "") in found_in([*USUAL, *rows({"i": 2}, "label_book")])


@pytest.mark.parametrize(
    ("counts", "drifts"),
    [
        pytest.param({"i": 68, "v": 52}, False, id="0.067 from even"),
        pytest.param({"i": 74, "v": 46}, True, id="0.117 from even"),
    ],
)
def test_label_drift_is_told_beyond_its_threshold(counts, drifts):
    told = found(changed(labels=counts))
    assert ((Kind.LABEL_DRIFT, "train", "i") in told) == drifts


def test_label_drift_says_how_far_and_of_which_label():
    [anomaly] = find_anomalies(schema(), changed(labels={"i": 90, "v": 30}))
    assert (anomaly.value, anomaly.limit) == (0.25, 0.1)
    assert str(anomaly) == (
        "train: label drift i: L-infinity distance 0.250 > 0.1: i was 50.0% and is 75.0%"
    )


def test_a_threshold_of_the_schema_is_what_counts():
    assert found(changed(labels={"i": 90, "v": 30}), label_drift=0.3) == []


def test_drift_of_few_images_is_not_told():
    assert found(changed("validation", labels={"i": 18, "v": 2})) == []
    told = found(changed("validation", labels={"i": 18, "v": 2}), fewest_images=20)
    assert told == [(Kind.LABEL_DRIFT, "validation", "i")]


def test_pictures_of_another_size_drift_and_are_out_of_range():
    images = [*rows({"i": 60, "v": 60}, size=(48, 64)), *USUAL[120:]]
    told = found_in(images)
    assert {(Kind.SIZE_DRIFT, "train", "width"), (Kind.SIZE_DRIFT, "train", "height")} <= set(told)
    assert (Kind.SIZE_DRIFT, "train", "aspect_ratio") not in told
    assert (Kind.OUT_OF_RANGE, "train", "width") in told


def test_darker_pictures_drift_in_brightness():
    images = [*rows({"i": 60, "v": 60}, level=60), *USUAL[120:]]
    told = found_in(images)
    assert (Kind.BRIGHTNESS_DRIFT, "train", "brightness") in told
    assert not any(kind in (Kind.SIZE_DRIFT, Kind.LABEL_DRIFT) for kind, *_ in told)


def test_an_image_out_of_range_is_named():
    images = [*USUAL, Row("small.png", picture(128, (3, 4)), label="i")]
    said = [str(each) for each in find_anomalies(schema(), describe(*manifest_of(images)))]
    assert "train: out of range width: wanted 32 to 32, got 4: small.png" in said


def test_blank_images_are_told_beyond_those_allowed():
    blank = Row("blank.png", encoded(np.full((24, 32), 128, np.uint8)), label="i")
    told = find_anomalies(schema(), describe(*manifest_of([*USUAL, blank])))
    said = [str(each) for each in told if each.kind is Kind.BLANKS]
    assert said == ["train: blank images: wanted at most 0, got 1: blank.png"]
    assert not any(kind is Kind.BLANKS for kind, *_ in found_in([*USUAL, blank], blanks=1))


def test_images_without_label_are_told():
    images = [*USUAL, Row("b.png", picture(128), label=None)]
    told = found_in(images)
    assert (Kind.UNLABELED, "train", "") in told
    assert (Kind.MISSING_VALUE, "train", "label") in told


def test_a_file_format_that_was_not_there_is_told():
    jpeg = Row("a.jpg", encoded(np.full((24, 32), 9, np.uint8) + np.eye(24, 32, dtype=np.uint8)))
    other = Row("b.jpg", encoded(np.arange(768, dtype=np.uint8).reshape(24, 32), ".jpg"), label="i")
    assert (Kind.NEW_FORMAT, "train", "jpeg") in found_in([*USUAL, jpeg, other])


def test_every_image_is_gone():
    told = found_in([])
    assert told[:3] == [
        (Kind.EMPTY_SPLIT, "train", ""),
        (Kind.EMPTY_SPLIT, "validation", ""),
        (Kind.EMPTY_SPLIT, None, ""),
    ]
    assert (Kind.MISSING_LABEL, None, "i") in told


def masked(split: str, number: int, share: float, start: int = 0) -> list[Row]:
    """Images of which the road covers a share, and the sky the rest."""
    found = []
    for place in range(start, start + number):
        plane = np.arange(24 * 32).reshape(24, 32) < share * 24 * 32
        objects = [
            {
                "id": label,
                "label": label,
                "type": "mask",
                "mask": Mask.of(pixels).to_document(),
            }
            for label, pixels in (("road", plane), ("sky", ~plane))
        ]
        found.append(Row(f"{split}/{place}", picture(100), split, None, objects=objects))
    return found


def test_labels_that_cover_another_share_of_the_pixels_are_a_drift():
    usual = [*masked("train", 110, 0.5), *masked("validation", 3, 0.5)]
    frozen = infer(describe(*manifest_of(usual)), "0" * 32, thresholds=Thresholds())
    other = [*masked("train", 110, 0.75), *masked("validation", 3, 0.5)]
    anomalies = find_anomalies(frozen, describe(*manifest_of(other)))
    [drift] = [each for each in anomalies if each.kind == Kind.PIXEL_DRIFT]
    assert (drift.split, drift.value) == ("train", 0.25)
    assert "had 50.0% of what is drawn and has" in drift.said
    assert not [each for each in anomalies if each.kind == Kind.LABEL_DRIFT]


def test_kinds_of_objects_that_were_not_there_are_told():
    kinds = [each for each in found_in(masked("train", 2, 0.5)) if each[0] == Kind.NEW_TYPE]
    assert kinds == [(Kind.NEW_TYPE, "train", "mask")]


def test_a_schema_of_an_earlier_release_is_read_and_tells_nothing_of_objects():
    said = asdict(schema())
    del said["types"], said["thresholds"]["pixel_drift"]
    for each in said["splits"].values():
        del each["pixels"]
    older = Schema.from_dict(said, "schema.json")
    assert (older.types, older.splits["train"].pixels) == (None, None)
    statistics = describe(*manifest_of(masked("train", 2, 0.5)))
    told = {each.kind for each in find_anomalies(older, statistics)}
    assert not told & {Kind.NEW_TYPE, Kind.PIXEL_DRIFT}
