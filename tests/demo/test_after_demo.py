"""What a newcomer types after `make demo`: its one video must lead to a version to train on."""

import pytest

from tests.cli.dataset.called import dataset
from vidset.datasets.versions.repository import Repository


@pytest.mark.slow
def test_the_labels_of_the_demo_become_a_version_with_all_sides(drive):
    refused = dataset("create", "-n", "v0", "-p", drive)
    assert refused.code == 2
    assert "30 images are 1 group" in refused.refusal
    assert "--group-by 10s" in refused.refusal
    assert Repository(drive / "datasets").versions() == []
    made = dataset("create", "-n", "v0", "--group-by", "10s", "-p", drive)
    assert made.code == 0, made.err
    assert made.next == f"vidset train v0 -p {drive}"
    images = Repository(drive / "datasets").manifest("v0")
    assert images.splits == ["test", "train", "validation"]
    assert dataset("check", "--leaks", "-p", drive).code == 0
