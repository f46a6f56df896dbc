import pytest

from vidset.datasets.errors import DatasetError
from vidset.datasets.splits.empty_sides import refuse_empty_sides

SIDES = ("train", "validation", "test")


def test_a_side_without_images_is_refused_with_the_ways_out():
    with pytest.raises(DatasetError) as raised:
        refuse_empty_sides(SIDES, ["train"] * 30, ["drive.mp4"] * 30, free=30)
    message = str(raised.value)
    assert "got none for validation and test: 30 images are 1 group" in message
    assert "--group-by 10s" in message
    assert message.endswith("--shares train=1")


def test_two_groups_are_enough_for_two_sides():
    with pytest.raises(DatasetError, match=r"--shares train=0.8,validation=0.2$"):
        refuse_empty_sides(SIDES, ["train", "validation"], ["a", "b"], free=2)


def test_a_split_of_the_source_s_own_is_its_own_business():
    refuse_empty_sides(SIDES, ["train", "train"], ["a", "b"], free=0)


def test_full_sides_are_no_matter():
    refuse_empty_sides(SIDES, list(SIDES), ["a", "b", "c"], free=3)
