"""The pairs of near vectors: of new ones among themselves, and with those that were there."""

import numpy as np
import pyarrow as pa

from vidset.embeddings.embedder import Embedder, KnowsCopies
from vidset.embeddings.neighbours import Neighbours, nearest

# An image that is near to more others than this is linked to its nearest.
_MOST_NEAR = 32
PAIRS = pa.schema(
    [
        pa.field("one", pa.int32(), nullable=False),
        pa.field("other", pa.int32(), nullable=False),
        pa.field("cosine", pa.float32(), nullable=False),
        pa.field("mirrored", pa.bool_(), nullable=False),
    ]
)


def find_pairs(
    embedder: Embedder, parts: list[Neighbours], vectors: np.ndarray, first: int
) -> pa.Table:
    """Find what is near to vectors that are in the index already, with the numbers from `first`."""
    plain = _near(embedder, parts, vectors, first)
    if isinstance(embedder, KnowsCopies):
        mirrored = _near(embedder, parts, embedder.mirrored(vectors), first)
        for pair in plain:  # A picture that is symmetric is no mirrored one.
            mirrored.pop(pair, None)
    else:
        mirrored = {}
    rows = [(*pair, cosine, False) for pair, cosine in plain.items()]
    rows += [(*pair, cosine, True) for pair, cosine in mirrored.items()]
    columns = zip(*sorted(rows), strict=True) if rows else ([], [], [], [])
    arrays = [pa.array(column, each.type) for column, each in zip(columns, PAIRS, strict=True)]
    return pa.table(arrays, schema=PAIRS)


def _near(
    embedder: Embedder,
    parts: list[Neighbours],
    vectors: np.ndarray,
    first: int,
) -> dict[tuple[int, int], float]:
    asked = [vectors]
    if isinstance(embedder, KnowsCopies):
        asked += embedder.zoomed(vectors.astype(np.float32))
    best: dict[tuple[int, int], float] = {}
    for queries in asked:
        found = nearest(parts, queries.astype(np.float16), _MOST_NEAR + 1)
        is_near = (found.cosines >= embedder.near) & (found.numbers >= 0)
        # To usearch two vectors of zeros are equal; here they say that nothing can be compared.
        is_near &= queries.any(axis=1, keepdims=True)
        rows, columns = np.nonzero(is_near)
        for row, number, cosine in zip(
            rows.tolist(),
            found.numbers[rows, columns].tolist(),
            found.cosines[rows, columns].tolist(),
            strict=True,
        ):
            own = first + row
            if number != own:
                pair = (min(own, number), max(own, number))
                best[pair] = max(best.get(pair, -1.0), min(cosine, 1.0))
    return best
