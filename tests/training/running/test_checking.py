from dataclasses import replace

import pytest

from tests.datasets.numerals import numerals, write_version
from tests.training.runs import Recorded, train
from vidset.datasets.errors import DatasetError, FaultsError
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository
from vidset.training.models.registry import fixed_model
from vidset.training.running.checking import check_images, check_leaks


@pytest.fixture(scope="module")
def model():
    return fixed_model("resnet50-c2-32")


@pytest.fixture(scope="module")
def entries(tmp_path_factory):
    repository = Repository(tmp_path_factory.mktemp("images"))
    return list(numerals(repository, {"train": 3, "validation": 2, "test": 1}, ("i", "v"), seed=0))


def test_check_images_counts_training_and_validation_against_the_cap(model, entries):
    # 6 and 4; the test images do not count.
    check_images(Manifest.of(entries), model, ["validation"], cap=10)
    with pytest.raises(DatasetError, match=r"10 images for training and validation.* at most 9"):
        check_images(Manifest.of(entries), model, ["test"], cap=9)
    check_images(Manifest.of(entries), model, ["validation"], cap=0)


def test_check_images_takes_the_classes_from_training_and_names_labels_unknown_to_it(
    model, entries
):
    changed = [
        replace(entry, label="x") if entry.image_uri == "validation/i/0.png" else entry
        for entry in entries
    ]
    material = check_images(Manifest.of(changed), model, ["validation", "test"])
    assert material.classes == ("i", "v")
    assert material.notes == (
        "validation: 1 images have labels that training does not have, and count as wrong: x",
    )


def test_image_with_a_label_unknown_to_training_counts_as_wrong(entries, tmp_path):
    repository, progress = Repository(tmp_path / "datasets"), Recorded()
    drawn = list(numerals(repository, {"train": 3, "validation": 2}, ("i", "v"), seed=0))
    version = write_version(
        repository,
        [replace(each, label="x") if each.split == "validation" else each for each in drawn],
    )
    train(
        repository, version, tmp_path / "run", epochs=1, splits=("validation",), progress=progress
    )
    assert progress.lines[0]["scores"]["validation"] == {"accuracy": 0.0, "loss": None}


def test_check_images_names_each_image_without_a_class(model, entries):
    changed = [
        replace(entry, label=None) if entry.image_uri.endswith("/v/0.png") else entry
        for entry in entries
    ]
    with pytest.raises(FaultsError) as caught:
        check_images(Manifest.of(changed), model, ["validation"])
    assert sorted(caught.value.faults) == [
        "train/v/0.png (train): has no class",
        "validation/v/0.png (validation): has no class",
    ]


@pytest.mark.parametrize(
    ("splits", "said"),
    [
        pytest.param(["label_book"], "no split 'label_book'; it has: test, train", id="absent"),
        pytest.param(["validation", "train"], "'train' is what the model learns", id="training"),
    ],
)
def test_check_images_refuses_splits_that_cannot_be_scored(model, entries, splits, said):
    with pytest.raises(DatasetError, match=said):
        check_images(Manifest.of(entries), model, splits)


def test_check_leaks_refuses_a_version_that_was_made_with_leaks():
    details = {"id": "abc", "leaks": ["a.png (train) and b.png (test): exact"]}
    with pytest.raises(FaultsError, match="1 images leak between splits") as caught:
        check_leaks(details, allow_leaks=False)
    assert caught.value.faults == ("a.png (train) and b.png (test): exact",)
    check_leaks(details, allow_leaks=True)
    check_leaks({"id": "abc", "leaks": []}, allow_leaks=False)
    check_leaks({"id": "abc"}, allow_leaks=False)
