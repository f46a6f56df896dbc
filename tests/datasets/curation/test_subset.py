"""A small version of a large one."""

import pytest

from tests.cli.called import vidset
from tests.training.scoring.runs import make_version
from vidset.datasets.curation.subset import cut_subset
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.repository import Repository


@pytest.fixture
def repository(tmp_path):
    """60 training images, a sixth of them `x`; 12 of validation."""
    images = [
        {"uri": f"t{n}", "label": "x" if n % 6 == 0 else "ii", "split": "train", "number": n}
        for n in range(60)
    ]
    images += [{"uri": f"v{n}", "label": "ii", "number": 100 + n} for n in range(12)]
    make_version(tmp_path, images, label_order=["ii", "x"], shares={"train": 1.0})
    return Repository(tmp_path)


def test_a_subset_has_each_split_and_label_with_its_share(repository):
    [whole] = repository.versions()
    small = cut_subset(repository, whole, 24)
    images = repository.manifest(small)
    table = images.table
    counts = table.group_by(["split", "label"]).aggregate([("label", "count")]).to_pylist()
    assert {(row["split"], row["label"]): row["label_count"] for row in counts} == {
        ("train", "ii"): 17, ("train", "x"): 3, ("validation", "ii"): 4,
    }  # fmt: skip
    details = repository.details(small)
    assert details["parents"] == [whole]
    assert details["label_order"] == ["ii", "x"]
    assert details["message"] == "24 of 72 images, drawn with seed 0"
    assert set(repository.measures(small)["image_sha256"].to_pylist()) == set(
        table["image_sha256"].to_pylist()
    )


def test_the_seed_decides_and_a_small_version_is_returned_as_it_is(repository):
    [whole] = repository.versions()
    assert cut_subset(repository, whole, 24) == cut_subset(repository, whole, 24)
    assert cut_subset(repository, whole, 24, seed=1) != cut_subset(repository, whole, 24)
    assert cut_subset(repository, whole, 72) == whole
    with pytest.raises(DatasetError, match="--subset: wanted 1 image or more, got 0"):
        cut_subset(repository, whole, 0)


def test_commands_take_a_part_of_a_version_for_a_quick_try(tmp_path):
    images = [
        {"uri": f"t{n}.png", "label": "x" if n % 2 else "ii", "split": "train", "number": n}
        for n in range(20)
    ]
    make_version(tmp_path / "datasets", images)
    Repository(tmp_path / "datasets").name_version("v0", make_version(
        tmp_path / "datasets", images).id)  # fmt: skip
    made = vidset("export", "v0", "-f", "folders", "-o", tmp_path / "out", "--subset", "6",
                  "-p", tmp_path, "--json")  # fmt: skip
    assert made.code == 0, made.err
    assert made.found["images"] == 6
    assert len(list((tmp_path / "out/train/ii").iterdir())) == 3
    refused = vidset("export", "-f", "coco", "-o", tmp_path / "x", "--subset", "6", "-p", tmp_path)
    assert "--subset: wanted a VERSION" in refused.refusal
    for words, message in (
        (("evaluate", "r"), "--subset: wanted --on VERSION beside it"),
        (("errors", "r"), "--subset: wanted --folds beside it"),
    ):
        assert message in vidset(*words, "--subset", "6", "-p", tmp_path).refusal
