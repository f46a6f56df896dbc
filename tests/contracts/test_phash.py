"""The frame ledger's perceptual hash and a dataset version's are the same one."""

import cv2
import pytest

from tests.datasets.rows import drawing, scene
from vidset.datasets.images.measures import phash as of_version
from vidset.filtering.quality import phash as of_ledger


@pytest.mark.parametrize("seed", range(5))
def test_both_hashes_of_a_picture_are_equal(seed):
    for luma in (drawing(seed), cv2.cvtColor(scene(seed), cv2.COLOR_RGB2GRAY)):
        assert f"{of_version(luma):016x}" == of_ledger(luma)
