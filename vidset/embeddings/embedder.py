"""An embedder turns pictures into vectors: alike pictures get vectors with a small angle.

To add one, write a class with these attributes and `embed`, and name a function that opens it: see
`vidset.embeddings.registry`.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

MOST_DIMENSIONS = 256
"""A million vectors of so many float16 take 512 MB. Longer ones are projected."""


class Embedder(Protocol):
    """Turns pictures into vectors. Equal pictures always get equal vectors.

    Attributes:
        id: names what decides the vectors, by content: a method and its version, or a model's
            hash. Vectors of different ids are never compared. 1 to 80 characters of a-z 0-9 . -
        dimensions: of a vector; at most MOST_DIMENSIONS.
        least_side: pixels. A picture may come at half, a quarter or an eighth of its size, as long
            as its shorter side has so many; a smaller one comes as it is.
        near: the cosine of two vectors from which their pictures count as near duplicates.
    """

    id: str
    dimensions: int
    least_side: int
    near: float

    def embed(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Return a vector for each picture: (n, dimensions) float32, each of length 1.

        A vector of zeros says that there is nothing to compare, as in a blank picture.

        Args:
            pictures: (height, width, 3) uint8 RGB, upright, of any sizes.
        """
        ...


@runtime_checkable
class KnowsCopies(Protocol):
    """An embedder that tells, without the picture, which vectors changed copies of it would have.

    Where an embedder does not know, copies are found as far as their own vectors are near, and
    mirrored ones are not told apart.
    """

    def mirrored(self, vectors: np.ndarray) -> np.ndarray:
        """Return the vectors of the pictures turned left to right: (n, dimensions)."""
        ...

    def zoomed(self, vectors: np.ndarray) -> list[np.ndarray]:
        """Return the vectors of the pictures cropped a little, and of such crops' originals."""
        ...


def unit(vectors: np.ndarray) -> np.ndarray:
    """Scale (n, d) vectors to length 1, as float32; vectors of zeros stay zeros."""
    vectors = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)
