"""What holds for any groups, labels and additions: checked on many."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from vidset.datasets.splits.assign import assign_splits

SHARES = {"train": 0.7, "validation": 0.2, "test": 0.1}
LABELS = st.one_of(st.none(), st.sampled_from("abc"), st.frozensets(st.sampled_from("abc")))
GROUP_NAMES = st.integers(0, 12).map("g{}".format)
ROWS = st.lists(st.tuples(GROUP_NAMES, LABELS), min_size=1, max_size=60)
PROPERTIES = settings(max_examples=150)


def split(rows, fixed=None, seed=0):
    groups, labels = zip(*rows, strict=True)
    labels = [sorted(each) if isinstance(each, frozenset) else each for each in labels]
    return assign_splits(groups, labels, shares=SHARES, seed=seed, fixed=fixed)


def sides_of(rows, sides) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for (group, _), side in zip(rows, sides, strict=True):
        found.setdefault(group, set()).add(side)
    return found


@PROPERTIES
@given(ROWS, st.integers(0, 5))
def test_no_group_is_on_two_sides(rows, seed):
    found = sides_of(rows, split(rows, seed=seed))
    assert all(len(sides) == 1 for sides in found.values())


@PROPERTIES
@given(st.data())
def test_the_order_of_rows_says_nothing(data):
    rows = data.draw(ROWS)
    order = data.draw(st.permutations(range(len(rows))))
    sides = split(rows)
    assert split([rows[place] for place in order]) == [sides[place] for place in order]


@PROPERTIES
@given(ROWS, ROWS, ROWS)
def test_no_group_moves_when_images_and_groups_are_added(first, second, third):
    rows, sides = first, split(first)
    for more in (second, third):
        grown = [*more, *rows]
        after = split(grown, fixed=[None] * len(more) + sides)
        assert after[len(more) :] == sides
        assert all(len(each) == 1 for each in sides_of(grown, after).values())
        rows, sides = grown, after


@PROPERTIES
@given(ROWS, st.randoms(use_true_random=False))
def test_no_group_moves_when_images_are_relabeled(rows, random):
    sides = split(rows)
    relabeled = [(group, random.choice(["a", "b", "new", None])) for group, _ in rows]
    assert split(relabeled, fixed=sides) == sides


@PROPERTIES
@given(st.lists(st.integers(1, 9), min_size=1, max_size=60))
def test_shares_are_met_within_what_group_sizes_allow(sizes):
    rows = [(f"g{n}", "a") for n, size in enumerate(sizes) for _ in range(size)]
    found = Counter(split(rows))
    for side, share in SHARES.items():
        assert abs(found[side] - share * len(rows)) <= max(sizes) + 1, (side, found)


@PROPERTIES
@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=300))
def test_each_label_of_single_images_is_met_within_two_images(labels):
    rows = [(f"g{n}", label) for n, label in enumerate(labels)]
    sides = split(rows)
    for label, count in Counter(labels).items():
        found = Counter(s for s, each in zip(sides, labels, strict=True) if each == label)
        for side, share in SHARES.items():
            assert abs(found[side] - share * count) <= 2, (label, side, found)


@PROPERTIES
@given(ROWS)
def test_no_side_is_empty_while_there_are_groups(rows):
    groups = {group for group, _ in rows}
    assert len(set(split(rows))) == min(len(groups), len(SHARES))
