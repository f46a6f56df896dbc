"""Near vectors among many, by usearch: a graph in which near vectors are linked (HNSW).

Y. Malkov, D. Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical
Navigable Small World graphs", 2018. It is approximate: docs/duplicates.md says how many it misses,
and how faiss compares.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vidset.storage.writing import rename_synced, unfinished_name

_CHUNK = 10_000
_LINKS, _WIDTH_TO_ADD, _WIDTH_TO_SEARCH = 16, 96, 96


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The nearest vectors of each query, the nearest first.

    Attributes:
        numbers: (queries, count) int64: which vectors, by the order in which they were added; -1
            where there are fewer.
        cosines: (queries, count) float32; -1 where there are fewer.
    """

    numbers: np.ndarray
    cosines: np.ndarray


class Neighbours:
    """Vectors to find near ones among. They are numbered in the order in which they are added.

    Args:
        first: the number of the first vector.
    """

    def __init__(self, dimensions: int, first: int = 0):
        from usearch.index import Index  # Slow to import.

        self.dimensions, self.first = dimensions, first
        self._index = Index(
            ndim=dimensions,
            metric="cos",
            dtype="f16",
            connectivity=_LINKS,
            expansion_add=_WIDTH_TO_ADD,
            expansion_search=_WIDTH_TO_SEARCH,
        )

    def __len__(self) -> int:
        return len(self._index)

    def add(self, vectors: np.ndarray) -> None:
        """Add (n, dimensions) vectors, with all cores."""
        if len(vectors):
            start = self.first + len(self)
            numbers = np.arange(start, start + len(vectors), dtype=np.uint64)
            self._index.add(numbers, np.ascontiguousarray(vectors), threads=_threads())

    def add_all(self, other: "Neighbours") -> None:
        """Add all vectors of another collection, in its order."""
        for start in range(0, len(other), _CHUNK):
            end = min(start + _CHUNK, len(other))
            numbers = np.arange(other.first + start, other.first + end, dtype=np.uint64)
            self.add(np.asarray(other._index.get(numbers)))

    def search(self, vectors: np.ndarray, count: int) -> Found:
        """Find the `count` nearest vectors of each of (n, dimensions) queries, with all cores."""
        numbers = np.full((len(vectors), count), -1, np.int64)
        cosines = np.full((len(vectors), count), -1, np.float32)
        many = min(count, len(self))
        if not many or not len(vectors):
            return Found(numbers, cosines)
        # Asked for one, usearch answers in another form than for several.
        asked = np.ascontiguousarray(vectors if len(vectors) > 1 else np.repeat(vectors, 2, axis=0))
        found: Any = self._index.search(asked, many, threads=_threads())
        keys = np.asarray(found.keys)[: len(vectors)]
        distances = np.asarray(found.distances, np.float32)[: len(vectors)]
        # A query may find fewer than the others do: its row is filled with what means nothing.
        filled = np.arange(many) < np.asarray(found.counts)[: len(vectors), None]
        numbers[:, : keys.shape[1]] = np.where(filled, keys.astype(np.int64), -1)
        cosines[:, : keys.shape[1]] = np.where(filled, 1 - distances, -1)
        return Found(numbers, cosines)

    def save(self, path: Path) -> None:
        """Write them to a file, which appears whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(unfinished_name(path.name))
        try:
            self._index.save(str(unfinished))
            rename_synced(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)

    @classmethod
    def open(
        cls, path: Path, dimensions: int, first: int, count: int, *, is_added_to: bool
    ) -> "Neighbours | None":
        """Open what was saved. What is not added to stays in the file, and is read as needed.

        None: the file is gone or damaged, or is not what it should be.

        Args:
            first, count: the number of its first vector, and how many it has.
        """
        opened = cls(dimensions, first)
        try:
            if is_added_to:
                opened._index.load(str(path))
            else:
                opened._index.view(str(path))
        except (RuntimeError, ValueError, OSError):
            return None
        if len(opened) != count or opened._index.ndim != dimensions:
            return None
        return opened


def nearest(parts: Sequence[Neighbours], vectors: np.ndarray, count: int) -> Found:
    """Find the nearest in several collections, as if they were one."""
    found = [part.search(vectors, count) for part in parts]
    if not found:
        shape = (len(vectors), count)
        return Found(np.full(shape, -1, np.int64), np.full(shape, -1, np.float32))
    numbers = np.concatenate([each.numbers for each in found], axis=1)
    cosines = np.concatenate([each.cosines for each in found], axis=1)
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
    return Found(np.take_along_axis(numbers, order, 1), np.take_along_axis(cosines, order, 1))


def _threads() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
