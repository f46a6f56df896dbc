from collections import Counter

import pytest

from vidset.datasets.errors import DatasetError
from vidset.datasets.splits.assign import assign_splits, drop_rank

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}


def split(groups, labels=None, *, shares=None, seed=0, fixed=None):
    labels = ["a"] * len(groups) if labels is None else labels
    return assign_splits(groups, labels, shares=shares or SHARES, seed=seed, fixed=fixed)


def singles(count, prefix="g"):
    return [f"{prefix}{number}" for number in range(count)]


def test_single_images_get_exactly_their_shares():
    assert Counter(split(singles(1000))) == {"train": 800, "validation": 100, "test": 100}


def test_each_label_gets_its_shares():
    labels = ["rare"] * 20 + ["often"] * 980
    sides = split(singles(1000), labels)
    assert Counter(zip(labels, sides, strict=True)) == {
        ("rare", "train"): 16,
        ("rare", "validation"): 2,
        ("rare", "test"): 2,
        ("often", "train"): 784,
        ("often", "validation"): 98,
        ("often", "test"): 98,
    }


def test_many_labels_with_few_images_do_not_all_go_into_training():
    labels = [f"label {number // 3}" for number in range(3000)]
    found = Counter(split(singles(3000), labels))
    assert all(abs(found[side] - share * 3000) <= 30 for side, share in SHARES.items())


def test_images_with_several_labels_are_divided_by_each_of_them():
    labels = [("car", "person") if n % 2 else ("car",) for n in range(400)]
    labels += [("bicycle", "person")] * 40
    sides = split(singles(440), labels)
    for label, count in {"car": 400, "person": 240, "bicycle": 40}.items():
        found = Counter(side for side, names in zip(sides, labels, strict=True) if label in names)
        for side, share in SHARES.items():
            assert abs(found[side] - share * count) <= 3, (label, side)


def test_images_without_label_are_divided_too():
    labels = [None, ()] * 500
    assert Counter(split(singles(1000), labels)) == {"train": 800, "validation": 100, "test": 100}


def test_a_class_is_one_label_and_not_its_letters():
    labels = ["vi", "iv"] * 500
    sides = split(singles(1000), labels)
    wanted = Counter(zip(labels, sides, strict=True))
    assert sides == split(singles(1000), [(label,) for label in labels])
    assert wanted["vi", "train"] == wanted["iv", "train"] == 400


def test_a_group_is_on_one_side_whatever_its_size():
    groups = ["long video"] * 700 + singles(300)
    sides = split(groups)
    assert set(sides[:700]) == {"train"}
    assert Counter(sides) == {"train": 800, "validation": 100, "test": 100}


def test_every_side_gets_a_group_as_long_as_there_are_groups():
    assert sorted(split(singles(3))) == ["test", "train", "validation"]
    assert sorted(split(singles(2))) == ["train", "validation"]
    assert split(singles(1)) == ["train"]
    huge = ["a"] * 1000 + ["b"] * 2 + ["c"]
    assert sorted(set(split(huge))) == ["test", "train", "validation"]


def test_shares_of_any_names_are_kept():
    found = Counter(split(singles(100), shares={"fit": 0.5, "hold": 0.3, "last": 0.2}))
    assert found == {"fit": 50, "hold": 30, "last": 20}


def test_the_seed_and_nothing_else_chooses_among_equals():
    groups = singles(200)
    assert split(groups) == split(groups)
    assert split(groups, seed=1) != split(groups, seed=2)


def test_what_is_fixed_stays_and_counts_towards_the_shares():
    fixed = ["validation"] * 90 + [None] * 910
    sides = split(singles(1000), fixed=fixed)
    assert sides[:90] == ["validation"] * 90
    assert Counter(sides) == {"train": 800, "validation": 100, "test": 100}


def test_new_images_follow_their_group():
    groups = ["a", "a", "b", "b", "c"]
    fixed = ["test", None, "label_book", None, "validation"]
    assert split(groups, fixed=fixed) == ["test", "test", "label_book", "label_book", "validation"]


def test_new_images_of_a_group_on_two_sides_go_to_the_side_that_gives_way():
    groups = ["a"] * 3 + ["b"] * 3
    fixed = ["train", "validation", None, "validation", "test", None]
    assert split(groups, fixed=fixed) == [
        *("train", "validation", "train"),
        *("validation", "test", "test"),
    ]


def test_a_side_without_share_is_left_out_of_the_shares():
    fixed = ["label_book"] * 500 + [None] * 100
    found = Counter(split(singles(600), fixed=fixed)[500:])
    assert found == {"train": 80, "validation": 10, "test": 10}


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        pytest.param({}, "none", id="none"),
        pytest.param({"train": 0.8, "test": 0.3}, "train 0.8, test 0.3", id="more than all"),
        pytest.param({"train": 1.2, "test": -0.2}, "train 1.2, test -0.2", id="below 0"),
        pytest.param({"train": 1.0, "test": 0.0}, "train 1, test 0", id="0"),
    ],
)
def test_shares_that_are_none_are_refused(shares, told):
    with pytest.raises(DatasetError, match=f"above 0 that sum to 1, got {told}$"):
        assign_splits(["a"], ["a"], shares=shares, seed=0)


def test_training_gives_way_before_all_others_and_validation_last():
    names = ["validation", "train", "label_book", "test", "archive"]
    assert sorted(names, key=drop_rank) == ["validation", "test", "archive", "label_book", "train"]
