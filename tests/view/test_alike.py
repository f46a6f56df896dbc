"""Which hashes are of one group."""

import numpy as np

from vidset.view.alike import group_alike


def test_hashes_of_few_different_bits_join_the_first_and_no_chain_is_made():
    # Each differs from the one before in 3 bits, and the last from the first in 6.
    assert group_alike(["0" * 16, "0" * 15 + "7", "0" * 14 + "3f", "f" * 16]).tolist() == [
        0,
        0,
        2,
        3,
    ]


def test_no_hash_and_one_hash_are_groups_too():
    assert group_alike([]).tolist() == []
    assert group_alike(["0123456789abcdef"]).tolist() == [0]


def test_all_near_ones_are_found_among_many():
    random = np.random.default_rng(0)
    values = [int(each) for each in random.integers(0, 1 << 63, 3000)]
    near = [values[at] ^ (1 << at % 64) ^ (1 << at * 7 % 64) for at in range(500)]
    leaders = group_alike([f"{each:016x}" for each in [*values, *near]])
    assert leaders[3000:].tolist() == list(range(500))
