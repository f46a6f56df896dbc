"""Compute the vectors of a place's images that have none yet, on the workers of an engine.

What is done is written part by part: whoever runs it again after a kill goes on from there.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from vidset.embeddings.embedder import Embedder
from vidset.embeddings.pictures import decode_picture
from vidset.embeddings.registry import CLASSIC, open_embedder
from vidset.embeddings.store import Embeddings, EmbeddingStore
from vidset.engines.engine import Engine, Limits, Open, Report, Work
from vidset.engines.local import LocalEngine
from vidset.engines.tasks import results
from vidset.place_images import ImageFiles, ImageToRead, kept_images

_AT_ONCE = 32
_PART = 4096
_LIMITS = Limits(seconds=3600, memory_bytes=4 << 30)

StartEngine = Callable[[int, Open, Limits, Callable[[Any], None]], Engine]


@dataclass(slots=True)
class EmbedSummary:
    """The outcome of a run.

    Attributes:
        embedder: its id.
        images: of the place, each different file counted once.
        new: of them, those that were embedded now.
        failed: the uris of images that cannot be read, each with the reason.
    """

    embedder: str
    images: int = 0
    new: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Answer:
    """The vectors of some images, as float16, and the (uri, reason) of those that failed."""

    hashes: list[str]
    vectors: np.ndarray
    failed: list[tuple[str, str]]


def embed_place(
    place: str,
    embedder: str = CLASSIC,
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
    start_engine: StartEngine = LocalEngine,
) -> EmbedSummary:
    """Embed the images of a place that have no vector of this embedder yet.

    Several processes may do it at once, and it may be killed at any moment: images of whole parts
    are not embedded again.

    Args:
        place: a folder, gs:// or s3://, as `vidset extract` wrote it.
        embedder: what a user names; see `vidset.embeddings.registry`.
        workers: how many processes; one a core unless told otherwise.
        progress: is told how many of how many images are done.

    Raises:
        ValueError: there is no such embedder, or a ledger or a part of embeddings is damaged.
        UnfinishedError: a store or the embedder raised errors that did not pass, or a worker died
            of some images twice.
    """
    opened = open_embedder(embedder)
    store = EmbeddingStore(place, opened.id, opened.dimensions)
    summary = EmbedSummary(opened.id)
    missing, seen = [], set()
    known = store.known()
    for image in kept_images(place):
        if image.image_sha256 not in seen:
            seen.add(image.image_sha256)
            if image.image_sha256 not in known:
                missing.append(image)
    summary.images = len(seen)
    del seen, known
    if not missing:
        return summary
    number = min(workers or os.cpu_count() or 1, -(-len(missing) // _AT_ONCE))
    engine = start_engine(number, partial(_open_work, place, embedder), _LIMITS, lambda _: None)
    waiting: list[_Answer] = []
    total = len(missing)
    try:
        for answer in results(engine, _batches(missing)):
            summary.new += len(answer.hashes)
            summary.failed += answer.failed
            progress(summary.new + len(summary.failed), total)
            waiting.append(answer)
            if sum(len(each.hashes) for each in waiting) >= _PART:
                _write(store, waiting)
    finally:
        engine.end()
        # Ctrl-C: what is done is kept.
        _write(store, waiting)
    summary.failed.sort()
    return summary


def _write(store: EmbeddingStore, waiting: list[_Answer]) -> None:
    hashes = [each for answer in waiting for each in answer.hashes]
    if hashes:
        store.write(Embeddings(hashes, np.concatenate([answer.vectors for answer in waiting])))
    waiting.clear()


def _batches(images: list[ImageToRead]) -> Iterator[list[ImageToRead]]:
    for start in range(0, len(images), _AT_ONCE):
        yield images[start : start + _AT_ONCE]


def _open_work(place: str, named: str) -> Work:
    import cv2

    cv2.setNumThreads(1)
    embedder, files = open_embedder(named), ImageFiles(place)

    def work(images: list[ImageToRead], _: Report) -> _Answer:
        return _embed(embedder, files, images)

    return work


def _embed(embedder: Embedder, files: ImageFiles, images: list[ImageToRead]) -> _Answer:
    hashes, pictures, failed = [], [], []
    for image in images:
        try:
            data = files.read(image.image_id, image.image_uri)
            pictures.append(decode_picture(data, image.image_uri, embedder.least_side))
        except (FileNotFoundError, ValueError) as error:
            failed.append((image.image_uri, str(error)))
        else:
            hashes.append(image.image_sha256)
    vectors = embedder.embed(pictures)
    wanted = (len(pictures), embedder.dimensions)
    if vectors.shape != wanted:
        raise ValueError(
            f"embedder {embedder.id}: wanted vectors of shape {wanted}, got {vectors.shape}"
        )
    return _Answer(hashes, vectors.astype(np.float16), failed)
