import numpy as np
import pytest

from tests.training.scoring.runs import classified, make_version
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.repository import Repository
from vidset.training.scoring.answers import read_answers
from vidset.training.scoring.slices import SMALL, cut_quantiles, slice_images

CLASSES = ("a", "b")


def slices_of(root, images, answers):
    manifest = make_version(root, images)
    predictions = classified(manifest, "validation", CLASSES, answers)
    found = read_answers(predictions, CLASSES)
    labels = [[found.labels[place]] for place in found.truth]
    measures = Repository(root).measures(manifest.id)
    slices = slice_images(predictions, found.is_right, labels, manifest, measures)
    return {(one.by, one.value): one for one in slices}


def test_slices_say_where_a_model_is_good_and_where_not(tmp_path):
    images = [
        {
            "uri": f"{place}.png",
            "label": "a" if place < 10 else "b",
            "collector_id": "truck-1" if place % 2 else "truck-2",
            "video_uri": "gs://v/1.mp4" if place < 5 else None,
            "brightness": float(place),
        }
        for place in range(40)
    ]
    wrong = {f"{place}.png": "b" for place in range(0, 10, 2)}
    found = slices_of(tmp_path, images, wrong)
    one = found["label", "a"]
    assert (one.images, one.right, one.share, one.is_small) == (10, 5, 0.5, True)
    assert one.interval == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert found["label", "b"].share == 1.0
    assert not found["label", "b"].is_small
    assert found["collector", "truck-2"].right == 15
    assert found["collector", "truck-1"].share == 1.0
    assert found["video", "gs://v/1.mp4"].images == 5
    assert {key for key in found if key[0] == "brightness"} == {
        ("brightness", "0 to below 9.75"),
        ("brightness", "9.75 to below 19.5"),
        ("brightness", "19.5 to below 29.25"),
        ("brightness", "29.25 to 39"),
    }
    assert found["brightness", "0 to below 9.75"].right == 5
    assert found["pixels", "576"].images == 40


def test_an_image_that_the_version_has_not_is_named(tmp_path):
    manifest = make_version(tmp_path / "a", [{"uri": "1.png", "label": "a", "number": 1}])
    other = make_version(tmp_path / "b", [{"uri": "2.png", "label": "a", "number": 2}])
    predictions = classified(other, "validation", CLASSES, {})
    measures = Repository(tmp_path / "a").measures(manifest.id)
    with pytest.raises(
        DatasetError, match=r"2\.png: was predicted, but version .* has no such image"
    ):
        slice_images(predictions, np.array([True]), [["a"]], manifest, measures)


@pytest.mark.parametrize(
    ("numbers", "bins"),
    [
        pytest.param(range(100), [25, 25, 25, 25], id="even"),
        pytest.param([5] * 90 + list(range(10)), [5, 95], id="mostly one value"),
        pytest.param([7] * 10, [10], id="one value"),
        pytest.param([1, float("nan"), 2], [1, 1], id="one unknown"),
        pytest.param([float("nan")], [], id="none known"),
    ],
)
def test_bins_hold_about_as_many_images_each_and_equal_ones_share_one(numbers, bins):
    found = cut_quantiles(np.array(numbers, float))
    assert [len(places) for _, places in found] == bins


def test_few_images_are_marked():
    assert SMALL == 30
