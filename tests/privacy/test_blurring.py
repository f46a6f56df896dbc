"""What is blurred cannot be recognised; what is not stays as it is."""

import numpy as np
import pytest

from vidset.privacy.blurring import blur, blurred_box
from vidset.privacy.detector import Region

NOISE = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)


@pytest.mark.parametrize(("method", "colours"), [("mosaic", 25), ("solid", 1)])
def test_a_region_is_left_with_few_means(method, colours):
    found = blur(NOISE, [Region(100, 50, 60, 60, 1)], method)
    region = found[50:110, 100:160].reshape(-1, 3)
    assert len(np.unique(region, axis=0)) <= colours
    changed = (found != NOISE).any(axis=2)
    rows, columns = np.nonzero(changed)
    # The box and a fifth of its side around it.
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (38, 121, 88, 171)


def test_the_blurred_box_is_what_changes():
    region = Region(280.5, 10, 15, 30, 1)
    left, top, right, bottom = blurred_box(region, 300, 200)
    assert (left, top, right, bottom) == (277, 4, 299, 46)
    rows, columns = np.nonzero((blur(NOISE, [region], "solid") != NOISE).any(axis=2))
    assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (277, 4, 299, 46)


def test_two_pictures_that_differ_in_detail_alone_become_equal():
    other = NOISE.copy()
    other[50:110, 100:160] = other[50:110, 100:160][::-1, ::-1]
    region = [Region(110, 60, 40, 40, 1)]
    one, two = (blur(each, region, "solid") for each in (NOISE, other))
    assert abs(one[80, 130].astype(int) - two[80, 130].astype(int)).max() <= 3


def test_regions_at_the_border_and_outside_are_cut():
    found = blur(NOISE, [Region(290, 190, 60, 60, 1), Region(400, 10, 5, 5, 1)], "mosaic")
    assert (found[:150] == NOISE[:150]).all()
    assert len(np.unique(found[190:, 290:].reshape(-1, 3), axis=0)) <= 4


def test_a_small_region_gets_few_cells():
    found = blur(NOISE, [Region(100, 100, 10, 10, 1)], "mosaic")
    assert len(np.unique(found[100:110, 100:110].reshape(-1, 3), axis=0)) == 1
