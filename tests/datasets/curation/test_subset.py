"""A small version of a large one."""

import pytest

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
