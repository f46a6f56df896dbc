"""Each strategy takes first what its rule says."""

from datetime import timedelta
from itertools import islice

import numpy as np
import pytest

from tests.selection.pools import NOON, doubts, image, on_circle, pool
from vidset.selection.pool import Pool, Predicted
from vidset.selection.strategies import diverse
from vidset.selection.strategies.registry import STRATEGIES, quotas_of


def take(name: str, given: Pool, number: int | None = None) -> list[int]:
    """The places in the order in which a strategy alone would take them."""
    found = []
    for pick in islice(STRATEGIES[name].picks(given), number):
        given.choose(pick.place)
        found.append(pick.place)
    return found


@pytest.mark.parametrize("name", ["random", "time", "diverse", "uncertain", "errors", "rare"])
def test_each_takes_every_image_once_and_the_same_again(name):
    def made() -> Pool:
        predicted = {at: Predicted(at % 3 / 3, {"car": 0.5}, "told") for at in range(12)}
        images = [image(at, "ab"[at % 2]) for at in range(12)]
        vectors = on_circle(*(29 * at for at in range(12)))
        return pool(images, vectors=vectors, predicted=predicted, wrong_vectors=on_circle(7))

    found = take(name, made())
    assert sorted(found) == list(range(12))
    assert take(name, made()) == found


def test_chance_depends_on_the_seed_alone():
    assert take("random", pool(9, seed=1)) != take("random", pool(9, seed=2))


def test_time_takes_the_collector_the_hour_and_the_video_with_the_fewest():
    later = NOON + timedelta(hours=1)
    images = [
        image(0, "a", 0, "one"),
        image(1, "a", 9, "one"),
        image(2, "b", 0, "one", later),
        image(3, "c", 0, "two"),
        image(4, "d", 0, "two"),
    ]
    labeled = [image(9, "x", 0, "two")]
    # "one" has none and "two" one: "one" first. Then both have one, and names decide: its other
    # hour. Then "two".
    found = take("time", pool(images, taken=labeled))
    assert found[0] in (0, 1)
    assert found[1] == 2
    assert found[2] in (3, 4)


def test_time_takes_of_a_video_what_is_farthest_from_labeled_and_chosen_images():
    images = [image(number, seconds=number) for number in range(11)]
    found = take("time", pool(images, taken=[image(99, "a", 0.0)]), 4)
    assert found == [10, 5, 2, 7]


def test_time_begins_an_unknown_video_in_its_middle_and_says_why():
    pick = next(iter(STRATEGIES["time"].picks(pool(5))))
    assert (pick.place, pick.score) == (2, 0.0)
    assert pick.reason == "the first of its video; no collector, 2026-03-01 12:00 has 0 so far"


def test_diverse_takes_what_stands_for_most_images_that_nothing_stands_for():
    # 4 stands for all of 78 to 82 at once; 2 is farther from what is labeled, and alone.
    degrees = 5, 78, 180, 82, 80
    given = pool(5, vectors=on_circle(*degrees), taken_vectors=on_circle(0))
    assert take("diverse", given, 3) == [4, 2, 0]
    given = pool(5, vectors=on_circle(*degrees), taken_vectors=on_circle(0))
    picks = STRATEGIES["diverse"].picks(given)
    given.choose(3)  # Somebody else's choice counts.
    pick = next(picks)
    assert pick.place == 2
    assert pick.reason == "nearer than all labeled or chosen images to 1 of 4 images"


def test_diverse_lowers_the_sum_of_squared_distances_as_much_as_any_other_would():
    vectors = np.random.default_rng(4).standard_normal((300, 5))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
    given = pool(300, vectors=vectors)
    squares = np.clip(1 - vectors.astype(np.float64) @ vectors.T.astype(np.float64), 0, 1) ** 2
    left = np.ones(300)
    for place in take("diverse", given, 120):
        lowered = np.maximum(left - squares, 0).sum(axis=1)
        assert lowered[place] == pytest.approx(lowered.max(), abs=1e-3)
        left = np.minimum(left, squares[place])


def test_diverse_begins_with_the_most_typical_image():
    given = pool(4, vectors=on_circle(0, 10, 20, 90))
    assert next(iter(STRATEGIES["diverse"].picks(given))).place == 2


def test_diverse_looks_at_a_sample_of_a_large_archive(monkeypatch):
    monkeypatch.setattr(diverse, "MOST_COMPARED", 5)
    assert len(take("diverse", pool(20, vectors=on_circle(*range(20))))) == 5


def test_uncertain_takes_the_most_doubted_and_none_of_the_evaluation_side():
    is_evaluated = np.array([False, True, False, False])
    given = pool(4, predicted=doubts(0.2, 0.9, 0.8), is_evaluated=is_evaluated)
    assert take("uncertain", given) == [2, 0]


def test_uncertain_chooses_nothing_where_the_model_does_not_tell_how_sure_it_is():
    untold = {at: Predicted(None, {"car": 1.0}, "told") for at in range(2)}
    assert "how sure" in str(STRATEGIES["uncertain"].lacks(pool(2, predicted=untold)))
    assert STRATEGIES["rare"].lacks(pool(2, predicted=untold)) is None
    some = {0: untold[0], 1: Predicted(0.1, {}, "told")}
    assert STRATEGIES["uncertain"].lacks(pool(2, predicted=some)) is None
    assert take("uncertain", pool(2, predicted=some)) == [1]


def test_errors_takes_what_is_like_wrong_images_each_once_before_any_twice():
    given = pool(4, vectors=on_circle(0, 1, 91, 45), wrong_vectors=on_circle(0, 90))
    assert take("errors", given) == [0, 2, 1, 3]
    held = pool(
        4,
        vectors=on_circle(0, 1, 91, 45),
        wrong_vectors=on_circle(0, 90),
        is_evaluated=np.array([True, False, False, False]),
    )
    assert 0 not in take("errors", held)


def test_rare_takes_labels_of_which_there_are_few_and_counts_what_it_takes():
    said = [{"car": 0.9}, {"bus": 0.5}, {"car": 0.8}, {"bus": 0.9}, {}]
    predicted = {at: Predicted(0.0, labels, "told") for at, labels in enumerate(said)}
    given = pool(5, predicted=predicted, label_counts={"car": 9})
    assert take("rare", given) == [3, 1, 0, 2]
    given = pool(5, predicted=predicted, is_evaluated=np.array([False, False, False, True, False]))
    assert 3 not in take("rare", given)


@pytest.mark.parametrize("name", ["diverse", "uncertain", "errors", "rare"])
def test_a_strategy_says_what_it_lacks(name):
    assert STRATEGIES[name].lacks(pool(3))


@pytest.mark.parametrize("name", ["random", "time"])
def test_two_need_nothing(name):
    assert STRATEGIES[name].lacks(pool(3)) is None


def test_whatever_asks_a_model_says_so():
    asks = {name for name, each in STRATEGIES.items() if each.asks_model}
    assert asks == {"uncertain", "errors", "rare"}


def test_quotas_are_a_name_or_shares():
    assert quotas_of("time") == {"time": 1.0}
    assert quotas_of("uncertain=3, time=1") == {"uncertain": 0.75, "time": 0.25}
    assert sum(quotas_of("mixed").values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tme", "time"),
        ("uncertain=0", "above 0"),
        ("uncertain=x", "above 0"),
        ("time=1,time=1", "once"),
        ("time=1,nothing=1", "nothing"),
    ],
)
def test_other_quotas_are_refused(text, said):
    with pytest.raises(ValueError, match=said):
        quotas_of(text)
