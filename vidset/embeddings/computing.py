"""Compute the vectors of a place's images that have none yet, on the workers of an engine.

What is done is written part by part: whoever runs it again after a kill goes on from there.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from vidset.embeddings.embedder import Embedder
from vidset.embeddings.pictures import decode_picture
from vidset.embeddings.registry import CLASSIC, open_embedder
from vidset.embeddings.store import Embeddings, EmbeddingStore
from vidset.engines.engine import Limits, Report, StartEngine, Work
from vidset.engines.local import LocalEngine
from vidset.engines.tasks import results
from vidset.place_images import ImageFiles, ImageToRead, kept_images
from vidset.shards import Shard

_AT_ONCE = 32
# Which images a part holds does not depend on which workers are done first.
_BATCHES_OF_PART = 128
_LIMITS = Limits(seconds=3600, memory_bytes=4 << 30)


@dataclass(slots=True)
class EmbedSummary:
    """The outcome of a run.

    Attributes:
        embedder: its id.
        images: of the place, or of the shard, each different file counted once.
        new: of them, those that were embedded now.
        failed: the uris of images that cannot be read, each with the reason.
    """

    embedder: str
    images: int = 0
    new: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Some images; `number` counts from 0."""

    number: int
    images: Sequence[ImageToRead]


@dataclass(frozen=True, slots=True)
class _Answer:
    """The vectors of a batch, as float16, and the (uri, reason) of images that failed."""

    number: int
    hashes: list[str]
    vectors: np.ndarray
    failed: list[tuple[str, str]]


def embed_place(
    place: str,
    embedder: str = CLASSIC,
    *,
    workers: int | None = None,
    shard: Shard | None = None,
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
        shard: only the images of this part of the videos.
        progress: is told how many of how many images are done.
        start_engine: starts worker processes of this machine, unless told otherwise.

    Raises:
        ValueError: there is no such embedder, or a ledger or a part of embeddings is damaged.
        UnfinishedError: a store or the embedder raised errors that did not pass, or a worker died
            of some images twice.
        EngineLostError: the engine is gone. What was done is written.
    """
    opened = open_embedder(embedder)
    store = EmbeddingStore(place, opened.id, opened.dimensions)
    summary = EmbedSummary(opened.id)
    missing, seen = [], set()
    known = store.known()
    for image in kept_images(place, shard):
        if image.image_sha256 not in seen:
            seen.add(image.image_sha256)
            if image.image_sha256 not in known:
                missing.append(image)
    summary.images = len(seen)
    del seen, known
    if not missing:
        return summary
    number = min(workers or os.cpu_count() or 1, -(-len(missing) // _AT_ONCE))
    opens = partial(_open_work, place, embedder, opened.id)
    engine = start_engine(number, opens, _LIMITS, lambda _: None)
    waiting: defaultdict[int, list[_Answer]] = defaultdict(list)
    total = len(missing)
    try:
        for answer in results(engine, _batches(missing)):
            summary.new += len(answer.hashes)
            summary.failed += answer.failed
            progress(summary.new + len(summary.failed), total)
            part = answer.number // _BATCHES_OF_PART
            waiting[part].append(answer)
            if len(waiting[part]) == _BATCHES_OF_PART:
                _write(store, waiting.pop(part))
    finally:
        engine.end()
        for answers in waiting.values():  # The last part, or after Ctrl-C what is done of others.
            _write(store, answers)
    summary.failed.sort()
    return summary


def _write(store: EmbeddingStore, answers: Sequence[_Answer]) -> None:
    hashes = [each for answer in answers for each in answer.hashes]
    if hashes:
        store.write(Embeddings(hashes, np.concatenate([answer.vectors for answer in answers])))


def _batches(images: Sequence[ImageToRead]) -> Iterator[_Batch]:
    for number, start in enumerate(range(0, len(images), _AT_ONCE)):
        yield _Batch(number, images[start : start + _AT_ONCE])


def _open_work(place: str, named: str, id_: str) -> Work:
    import cv2

    cv2.setNumThreads(1)
    embedder, files = open_embedder(named), ImageFiles(place)
    if embedder.id != id_:  # Another machine may have another model in a file of this name.
        raise ValueError(f"embedder {named!r}: wanted {id_}, got {embedder.id}")

    def work(batch: _Batch, _: Report) -> _Answer:
        return _embed(embedder, files, batch)

    return work


def _embed(embedder: Embedder, files: ImageFiles, batch: _Batch) -> _Answer:
    hashes, pictures, failed = [], [], []
    for image in batch.images:
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
    return _Answer(batch.number, hashes, vectors.astype(np.float16), failed)
