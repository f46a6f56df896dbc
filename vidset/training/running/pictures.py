"""The prepared pictures of a split, decoded once: in memory, or in a file that is mapped to it."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from vidset.datasets.errors import DatasetError, FaultsError
from vidset.datasets.images.measures import decode
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.repository import Repository

IN_MEMORY_BYTES = 256 << 20


def prepare_pictures(
    entries: Sequence[Entry],
    repository: Repository,
    prepare: Callable[[np.ndarray], np.ndarray],
    folder: Path,
    *,
    in_memory_bytes: int = IN_MEMORY_BYTES,
    progress: Callable[[], None] = lambda: None,
) -> np.ndarray:
    """(n, h, w, 3), as `prepare` gives them, in the order of `entries`.

    Beyond `in_memory_bytes` they stand in a file in `folder` that has no name any more: memory
    stays bounded, and the file goes with the process, however that ends.

    Raises:
        FaultsError: images are missing or none: each is named.
    """
    pictures, faults = np.empty(0), []
    for place, entry in enumerate(entries):
        try:
            picture = prepare(decode(repository.read_image(entry), entry.image_uri))
        except DatasetError as error:
            faults.append(str(error))
            continue
        if not len(pictures):
            shape = (len(entries), *picture.shape)
            pictures = _allocate(shape, picture.dtype, folder, in_memory_bytes)
        pictures[place] = picture
        progress()
    if faults:
        raise FaultsError(f"{len(faults)} images cannot be read", faults)
    return pictures


def _allocate(
    shape: tuple[int, ...], dtype: np.dtype, folder: Path, in_memory_bytes: int
) -> np.ndarray:
    if np.prod(shape) * dtype.itemsize <= in_memory_bytes:
        return np.empty(shape, dtype)
    with tempfile.TemporaryFile(dir=folder) as file:
        return np.memmap(file, dtype, "w+", shape=shape)
