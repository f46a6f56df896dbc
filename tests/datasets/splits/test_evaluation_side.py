"""Images stay away from the model where validation or test has them, or will have them."""

import pytest

from tests.training.scoring.runs import make_version, sha
from vidset.datasets.splits.evaluation_side import find_evaluation_side
from vidset.datasets.versions.repository import Repository


def side(tmp_path, *versions):
    for images in versions:
        make_version(tmp_path / "datasets", images)
    return find_evaluation_side(Repository(tmp_path / "datasets"))


def of(name: str, split: str, number: int) -> dict:
    return {"uri": name, "split": split, "label": "x", "number": number}


A0, A5, A9 = (f"a/17/{second:07d}000.jpg" for second in (0, 5, 9))


def test_a_place_without_versions_has_no_evaluation_side(tmp_path):
    found = find_evaluation_side(Repository(tmp_path / "datasets"))
    assert not found.holds(A0, sha(1))
    assert not found.may_show(0)


def test_images_and_videos_of_any_version_are_on_it(tmp_path):
    found = side(
        tmp_path,
        [of(A0, "test", 1), of("b/17/0000000000.jpg", "train", 2)],
        [of("c/17/0000000000.jpg", "validation", 3), of("b/17/0000000000.jpg", "train", 2)],
    )
    assert found.holds("elsewhere.png", sha(1))
    assert not found.holds("elsewhere.png", sha(2))
    # Other seconds of the same videos; another upload of one.
    assert found.holds(A5, sha(9))
    assert not found.holds("a/99/7.jpg", None)
    assert found.holds("a/99/0000007000.jpg", None)
    assert found.holds("c/17/0000003000.jpg", None)
    assert not found.holds("b/17/0000003000.jpg", None)
    assert not found.holds("d/17/0000003000.jpg", None)


@pytest.mark.parametrize(
    ("second", "is_held"),
    [
        pytest.param(1, True, id="by the test image"),
        pytest.param(2, True, id="as near to both"),
        pytest.param(3, False, id="by the training image"),
        pytest.param(60, False, id="after both"),
    ],
)
def test_in_a_video_of_two_sides_the_nearest_image_decides(tmp_path, second, is_held):
    found = side(tmp_path, [of(A0, "test", 1), of("a/17/0000004000.jpg", "train", 2)])
    assert found.holds(f"a/17/{second:07d}000.jpg", None) is is_held


def test_an_image_that_was_ever_on_it_stays_on_it(tmp_path):
    found = side(tmp_path, [of(A0, "test", 1)], [of(A0, "train", 1), of(A9, "train", 2)])
    assert found.holds(A0, sha(1))


def test_what_an_evaluation_image_was_made_from_is_on_it(tmp_path):
    made = {**of("x.png", "validation", 1), "origin": sha(8), "number": 1}
    assert side(tmp_path, [made]).holds("y.png", sha(8))


def test_nearly_the_same_picture_is_on_it_and_another_with_its_hash_is_not(tmp_path):
    repository = Repository(tmp_path / "datasets")
    make_version(tmp_path / "datasets", [of(A0, "test", 1), of(A9, "train", 2)])
    found = find_evaluation_side(repository)
    measures = repository.measures(repository.versions()[0]).to_pylist()
    one, other = sorted(measures, key=lambda row: row["image_sha256"] != sha(1))
    assert found.shows(one["phash"], one["thumbnail"])
    assert found.may_show(one["phash"] ^ 0b111111)
    assert not found.may_show(one["phash"] ^ 0b1111111)
    assert not found.shows(one["phash"], other["thumbnail"])
    assert not found.may_show(other["phash"])
