"""Freed memory goes back to the system."""

import ctypes
import os

import pytest

from vidset.memory import give_back

BLOCK_BYTES, BLOCKS = 100_000, 600  # Smaller ones than those that the C library maps.


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="not the GNU C library")
def test_what_lies_between_kept_blocks_is_given_back():
    blocks = [bytes([1]) * BLOCK_BYTES for _ in range(BLOCKS)]
    before = resident_bytes()
    kept = blocks[::20]
    del blocks
    give_back()
    assert before - resident_bytes() > BLOCK_BYTES * BLOCKS // 2
    assert all(block[-1] == 1 for block in kept)
