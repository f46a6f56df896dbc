"""Several strategies choose in turns, and near duplicates are passed over."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.selection.pools import doubts, on_circle, pool
from vidset.selection.choosing import choose
from vidset.selection.cover import Cover, exactly
from vidset.selection.pool import Pool


def cover(of: Pool, near: float | None = None, copies=lambda _: ()) -> Cover:
    return Cover(of, near, exactly(of.taken_vectors), copies)


def test_every_beginning_has_the_quotas():
    given_pool = pool(100, predicted=doubts(*np.linspace(1, 0, 100)))
    found = choose(
        given_pool, {"uncertain": 0.5, "time": 0.3, "random": 0.2}, 40, cover(given_pool)
    )
    names = [name for name, _ in found.picks]
    for end in (10, 20, 30, 40):
        counts = {name: names[:end].count(name) for name in ("uncertain", "time", "random")}
        assert counts == {
            "uncertain": end // 2, "time": 3 * end // 10, "random": end // 5,
        }  # fmt: skip
    assert len({pick.place for _, pick in found.picks}) == 40


def test_the_share_of_a_strategy_that_lacks_something_goes_to_the_others():
    given_pool = pool(20)
    quotas = {"uncertain": 0.5, "time": 0.25, "random": 0.25}
    found = choose(given_pool, quotas, 10, cover(given_pool))
    assert [name for name, _ in found.picks].count("time") == 5
    assert list(found.lacking) == ["uncertain"]


def test_the_share_of_a_strategy_that_has_nothing_left_goes_to_the_others():
    given_pool = pool(10, predicted=doubts(0.9, 0.8))
    found = choose(given_pool, {"uncertain": 0.8, "time": 0.2}, 10, cover(given_pool))
    assert [name for name, _ in found.picks].count("uncertain") == 2
    assert len(found.picks) == 10


def test_nothing_can_be_chosen_without_what_is_needed():
    given_pool = pool(3)
    with pytest.raises(ValueError, match=r"uncertain: .*vidset predict; errors: .*no vectors"):
        choose(given_pool, {"uncertain": 0.5, "errors": 0.5}, 2, cover(given_pool))


def test_a_place_where_all_is_labeled_has_nothing_to_choose():
    given_pool = pool(0)
    assert choose(given_pool, {"uncertain": 1.0}, 5, cover(given_pool)).picks == []


def test_near_duplicates_of_labeled_and_chosen_images_are_passed_over():
    vectors = on_circle(0, 1, 40, 41, 80)
    given_pool = pool(5, vectors=vectors, taken_vectors=on_circle(81))
    found = choose(given_pool, {"random": 1.0}, 5, cover(given_pool, near=0.999))
    places = {pick.place for _, pick in found.picks}
    assert len(places) == 2
    assert len(places & {0, 1}) == len(places & {2, 3}) == 1
    assert found.covered == 3


def test_copies_of_a_candidate_cover_it_too():
    given_pool = pool(1, vectors=on_circle(10), taken_vectors=on_circle(0))
    cropped = on_circle(0).astype(np.float32)
    assert cover(given_pool, 0.999, lambda _: [cropped]).covers(0)
    assert not cover(given_pool, 0.999).covers(0)


def test_images_without_vectors_cover_nothing():
    given_pool = pool(2)
    assert len(choose(given_pool, {"time": 1.0}, 2, cover(given_pool, near=0.9)).picks) == 2


@given(
    st.lists(st.integers(0, 359), min_size=1, max_size=30),
    st.integers(1, 40),
    st.integers(0, 5),
)
def test_no_two_chosen_images_are_near_duplicates(degrees, number, seed):
    given_pool = pool(len(degrees), vectors=on_circle(*degrees), seed=seed)
    quotas = {"random": 0.5, "diverse": 0.5}
    found = choose(given_pool, quotas, number, cover(given_pool, near=0.98))
    vectors = given_pool.vectors[[pick.place for _, pick in found.picks]].astype(np.float32)
    cosines = vectors @ vectors.T - 2 * np.eye(len(vectors))
    assert (cosines < 0.985).all()
    assert found.covered + len(found.picks) <= len(degrees)
