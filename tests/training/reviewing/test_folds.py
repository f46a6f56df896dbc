import pytest

from tests.training.scoring.runs import classified, make_version
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.entry import TRAIN
from vidset.training.reviewing.folds import (
    HELD_OUT,
    assign_folds,
    choose_images,
    predict_out_of_fold,
)


@pytest.fixture
def version(tmp_path):
    """Twelve groups of two images, of two labels."""
    return make_version(
        tmp_path / "datasets",
        [
            {
                "uri": f"{place:02}.png",
                "label": "ab"[place % 4 // 2],
                "group": f"g{place // 2}",
                "split": "train",
            }
            for place in range(24)
        ],
    )


def test_folds_keep_groups_whole_and_labels_even(version):
    folds = assign_folds(version, 3, seed=1)
    by_group: dict[str, set[int]] = {}
    labels: dict[int, list[str]] = {}
    for entry, fold in zip(version, folds, strict=True):
        by_group.setdefault(entry.group, set()).add(fold)
        labels.setdefault(fold, []).append(entry.label)
    assert all(len(found) == 1 for found in by_group.values())
    assert sorted(labels) == [0, 1, 2]
    assert all(each.count("a") == each.count("b") == 4 for each in labels.values())
    assert folds == assign_folds(version, 3, seed=1)
    assert folds != assign_folds(version, 3, seed=2)


@pytest.mark.parametrize("folds", [1, 13])
def test_each_fold_needs_a_group(version, folds):
    with pytest.raises(DatasetError, match=f"got {folds} and 12"):
        assign_folds(version, folds, seed=1)


def test_every_image_is_predicted_once_by_who_never_saw_its_group(version, tmp_path):
    seen = []

    def train_folds(folds):
        # They end in any order.
        for place, (manifest, _) in reversed(list(enumerate(folds))):
            groups = {
                split: set(manifest.split(split).table["group"].to_pylist())
                for split in (TRAIN, HELD_OUT)
            }
            assert not groups[TRAIN] & groups[HELD_OUT]
            seen.append(len(manifest.split(HELD_OUT)))
            yield place, classified(manifest, HELD_OUT, ["a", "b"], {})

    told = []
    found = predict_out_of_fold(
        version, 4, 1, tmp_path / "folds", train_folds, lambda *each: told.append(each)
    )
    assert sorted(found["image_uri"].to_pylist()) == [f"{place:02}.png" for place in range(24)]
    assert sum(seen) == 24
    assert told == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


def test_folds_that_are_done_are_not_trained_again(version, tmp_path):
    trained = []

    def train_folds(folds):
        for place, (manifest, folder) in enumerate(folds):
            if len(trained) == 2:
                raise KeyboardInterrupt
            trained.append(folder.name)
            yield place, classified(manifest, HELD_OUT, ["a", "b"], {})

    def run(train):
        return predict_out_of_fold(version, 3, 1, tmp_path / "f", train, lambda *_: None)

    with pytest.raises(KeyboardInterrupt):
        run(train_folds)
    trained.clear()
    run(train_folds)
    assert trained == ["fold-3"]


def test_a_split_without_labeled_images_is_refused(version):
    assert len(choose_images(version, ["train"])) == 24
    with pytest.raises(DatasetError, match="split 'test' has no image with a label"):
        choose_images(version, ["train", "test"])
