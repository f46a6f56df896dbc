"""How many files a command opens follows what has changed, and not how much there is."""

import pytest

from benchmarks.growth import measure
from benchmarks.growth_grounds import FILES, IMAGES, VIDEOS, few_samples
from tests.contracts.opened import counting

# What opens a file for each image on purpose.
_ALL = {"`dataset create --full`"}


def test_commands_open_as_many_files_for_300_videos_as_for_600():
    with counting() as cost:
        some, more = (measure(VIDEOS, number, few_samples, cost) for number in (300, 600))
    for case in VIDEOS.cases:
        assert more[case.name].files <= some[case.name].files + 2, case.name
        assert more[case.name].files < 60, case.name


@pytest.mark.parametrize(("ground", "number"), [(FILES, 20), (IMAGES, 60)], ids=["files", "images"])
def test_no_input_is_opened_that_has_not_changed(ground, number):
    with counting() as cost:
        costs = measure(ground, number, cost=cost)
    for case in ground.cases:
        if case.name not in _ALL:
            assert costs[case.name].files < 40, case.name
