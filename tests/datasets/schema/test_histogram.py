import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidset.datasets.schema.histogram import EDGES, Histogram


def histogram(feature, *parts) -> dict:
    found = Histogram(feature)
    for part in parts:
        found.add(np.array(part, np.float64))
    return found.to_dict()


def test_numbers_are_counted_between_edges():
    found = histogram("objects", [0, 0, 1, 4.5, 100])
    assert found["counts"] == [2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert found["edges"][:3] == [0, 1, 2]


def test_numbers_outside_of_the_edges_are_in_the_outer_bins():
    found = histogram("width", [1, 99_999])
    assert (found["counts"][0], found["counts"][-1], sum(found["counts"])) == (1, 1, 2)
    assert (found["min"], found["max"]) == (1, 99_999)


def test_mean_and_deviation_are_of_all_numbers():
    found = histogram("brightness", [2, 4, 4, 4], [], [5, 5, 7, 9])
    assert (found["count"], found["mean"], found["deviation"]) == (8, 5, 2)
    assert (found["min"], found["max"]) == (2, 9)


def test_nothing_counted_is_null():
    found = histogram("brightness", [])
    assert [found[name] for name in ("count", "min", "max", "mean", "deviation")] == [
        *(0, None, None, None, None)
    ]


@pytest.mark.parametrize("feature", EDGES)
def test_edges_ascend(feature):
    assert list(EDGES[feature]) == sorted(set(EDGES[feature]))


@given(st.sampled_from(sorted(EDGES)), st.lists(st.floats(0, 1e6, width=32), min_size=1), st.data())
def test_parts_count_as_the_whole_does(feature, numbers, data):
    place = data.draw(st.integers(0, len(numbers)))
    parts = histogram(feature, numbers[:place], numbers[place:])
    edges = np.array(EDGES[feature])
    inside = np.clip(numbers, edges[0], np.nextafter(edges[-1], 0))
    whole = np.histogram(inside, edges)[0]
    assert parts["counts"] == whole.tolist()
    assert parts["mean"] == pytest.approx(np.mean(numbers), rel=1e-5)
