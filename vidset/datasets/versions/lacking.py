"""Finds the images that a repository has lost, by its folders and not file by file."""

import os
from collections.abc import Iterable, Iterator
from itertools import groupby

# To ask for one file takes as long as to read the names of so many.
_NAMES_FOR_A_FILE = 8


def lacking(folder: str, names: Iterable[str]) -> Iterator[str]:
    """Yield the names of files that are not there, in their order.

    Args:
        names: below the folder, those of a folder in it one behind the other.
    """
    for below, several in groupby(names, lambda name: name.rpartition("/")[0]):
        wanted = list(several)
        there = _names_in(f"{folder}/{below}", _NAMES_FOR_A_FILE * len(wanted))
        for name in wanted:
            # A link is there if it leads to something.
            if name.rpartition("/")[2] not in there and not os.path.exists(f"{folder}/{name}"):
                yield name


def _names_in(folder: str, most: int) -> set[str]:
    """Return the names in a folder, without links; none if there are more than so many."""
    names = set()
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number == most:
                    return set()
                if not entry.is_symlink():
                    names.add(entry.name)
    except FileNotFoundError:
        pass
    return names
