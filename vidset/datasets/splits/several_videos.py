"""Finds images of different videos that show the same: they must be on one side of a split.

It uses the vectors and the index of `vidset duplicates`, which lie in the place that the datasets
are in: images that were embedded there are not embedded again.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pyarrow as pa

from vidset.datasets.versions.repository import Repository
from vidset.embeddings.duplicates import nearest_of_each_video
from vidset.embeddings.embedder import Embedder
from vidset.embeddings.near_index import near_pairs
from vidset.embeddings.pictures import decode_picture
from vidset.embeddings.registry import open_embedder
from vidset.embeddings.store import Embeddings, EmbeddingStore
from vidset.regular_files import read_regular
from vidset.threads import in_order

_AT_ONCE, _PART = 8, 4096
_COLUMNS = ("image_sha256", "image_format", "video_uri")


def alike_in_several_videos(
    repository: Repository, tables: Sequence[pa.Table]
) -> list[tuple[str, str]]:
    """Return pairs of images, by hash, that show nearly the same in different videos.

    Of each image and each other video, the nearest image there is in a pair, if it is near at all.
    Mirrored images are no pair. Images of no video are left out.

    Args:
        tables: with the columns image_sha256, image_format and video_uri. Their images are in the
            repository.
    """
    formats: dict[str, str] = {}
    videos: dict[str, str] = {}
    for table in tables:
        if set(_COLUMNS) <= set(table.column_names):
            of_videos = table.filter(table["video_uri"].is_valid())
            columns = (of_videos[name].to_pylist() for name in _COLUMNS)
            for hash_, image_format, video in zip(*columns, strict=True):
                formats.setdefault(hash_, image_format)
                videos.setdefault(hash_, video)
    if len(set(videos.values())) < 2:
        return []
    embedder = open_embedder()
    place = str(repository.root.absolute().parent)
    _embed(EmbeddingStore(place, embedder.id, embedder.dimensions), embedder, repository, formats)
    pairs = near_pairs(place, embedder)
    number_of = {uri: number for number, uri in enumerate(sorted(set(videos.values())))}
    numbers = np.array([number_of.get(videos.get(each, ""), -1) for each in pairs.hashes])
    ones, others = pairs.ones.astype(np.int64), pairs.others.astype(np.int64)
    chosen = (numbers[ones] >= 0) & (numbers[others] >= 0) & ~pairs.mirrored
    chosen &= numbers[ones] != numbers[others]
    ones, others = ones[chosen], others[chosen]
    best = nearest_of_each_video(ones, others, pairs.cosines[chosen], numbers)
    hashes = list(pairs.hashes)
    return [
        (hashes[one], hashes[other])
        for one, other in zip(ones[best].tolist(), others[best].tolist(), strict=True)
    ]


def _embed(
    store: EmbeddingStore, embedder: Embedder, repository: Repository, formats: dict[str, str]
) -> None:
    """Embed the images that have no vector yet. Those that are gone from the repository have none.

    A version's images that are gone belong to a parent whose images were pruned.
    """
    known = store.known()
    missing = sorted(each for each in formats if each not in known)
    for start in range(0, len(missing), _PART):
        part = missing[start : start + _PART]
        hashes: list[str] = []
        vectors: list[np.ndarray] = []
        embedded = partial(_vector, embedder, repository, formats)
        for hash_, vector in zip(part, in_order(embedded, part, _AT_ONCE), strict=True):
            if vector is not None:
                hashes.append(hash_)
                vectors.append(vector)
        if hashes:
            store.write(Embeddings(hashes, np.stack(vectors).astype(np.float16)))


def _vector(
    embedder: Embedder, repository: Repository, formats: dict[str, str], hash_: str
) -> np.ndarray | None:
    path = repository.image_path(hash_, formats[hash_])
    try:
        data = read_regular(path)
    except FileNotFoundError:
        return None
    return embedder.embed([decode_picture(data, str(path), embedder.least_side)])[0]
