"""The order of tests: each of pytest's workers begins with slow modules, and ends with quick ones.

pytest-xdist gives each worker a part of the list, of equal numbers of tests; who is done takes from
the end of another's part. A test that waits for a minute is to begin early.
"""

import os
from itertools import groupby

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal slow modules out, those of a folder together for their fixtures' sake."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers == 1:
        return
    slow: dict[str, list[pytest.Item]] = {}
    quick: list[pytest.Item] = []
    for path, group in groupby(items, lambda item: item.path):
        module = list(group)
        is_slow = _number_of_slow(module) > 0
        (slow.setdefault(str(path.parent), []) if is_slow else quick).extend(module)
    parts: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for folder in sorted(slow.values(), key=_number_of_slow, reverse=True):
        min(parts, key=_number_of_slow).extend(folder)
    size = -(-len(items) // workers)
    for part in parts:
        missing = max(0, size - len(part))
        part.extend(quick[:missing])
        del quick[:missing]
    items[:] = [item for part in (*parts, quick) for item in part]


def _number_of_slow(items: list[pytest.Item]) -> int:
    return sum(item.get_closest_marker("slow") is not None for item in items)
