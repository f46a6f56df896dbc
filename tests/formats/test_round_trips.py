"""Random datasets through every pair of formats: the difference is what was announced."""

from pathlib import Path

import pytest

from tests.chaos.counts import some
from tests.formats.round_trips import KINDS, dataset, round_trip_formats, through

_NAMES = [each.name for each in round_trip_formats()]


def go_through_all_pairs(seed: int, folder: Path) -> None:
    for one in round_trip_formats():
        place = folder / str(seed) / one.name
        place.mkdir(parents=True)
        back = through(one, dataset(seed), place)
        for other in round_trip_formats():
            below = place / other.name
            below.mkdir()
            through(other, back, below)


def test_random_datasets_are_of_all_kinds():
    found = {item.type for seed in range(20) for each in dataset(seed) for item in each.objects}
    assert found == {"box", "rotated_box", "polygon", "mask", "classification"}
    assert len(KINDS) == 7


@pytest.mark.parametrize("start", some(range(0, 20, 5)))
def test_the_difference_after_any_two_formats_is_what_was_announced(start, tmp_path):
    for seed in range(start, start + 5):
        go_through_all_pairs(seed, tmp_path)


@pytest.mark.chaos
@pytest.mark.parametrize("start", range(20, 220, 10))
def test_the_difference_is_what_was_announced_for_many_datasets(start, tmp_path):
    for seed in range(start, start + 10):
        go_through_all_pairs(seed, tmp_path)
