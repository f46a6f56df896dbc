"""One process's part of `vidset predict`: pictures read, the model asked, documents stored."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vidset.datasets.errors import DatasetError
from vidset.datasets.images.measures import THUMBNAIL_SIDE, decode, format_of
from vidset.datasets.images.measures import phash as phash_of
from vidset.datasets.splits.evaluation_side import EvaluationSide, find_evaluation_side
from vidset.datasets.versions.entry import TRAIN, Entry
from vidset.datasets.versions.repository import Repository
from vidset.engines.engine import Report, Work
from vidset.labeling.stores.opening import open_store as open_documents
from vidset.labeling.stores.store import Store
from vidset.labeling.template import Template
from vidset.labeling.timestamps import now
from vidset.place import Place
from vidset.place_images import ImageFiles, KeptImage
from vidset.prediction.document import RunLook, make_document
from vidset.prediction.models import Asked, open_model
from vidset.prediction.storing import store_predictions

PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Setup:
    """All that a process needs to know.

    Attributes:
        store: where the documents are kept.
        run: the run's folder.
        model: what its model is named by, where that has to be said; see `model_of`.
        datasets: the folder of the dataset versions, whose evaluation sides are looked up.
        prelabel_evaluation: whether images that nearly repeat evaluation images are predicted.
        stores: whether a process stores what it finds; else whoever gives it the work does.
    """

    place: Place
    store: str
    template: Template
    run: Path
    model: str | None
    datasets: Path
    look: RunLook
    prelabel_evaluation: bool
    threads: int
    stores: bool = True


@dataclass(slots=True)
class Chunk:
    """The outcome for some images.

    Attributes:
        counts: images by `predicted`, `evaluation` and `failed`; and `objects` that were offered.
        left_out: objects that the template has no room for, by the reason.
        problems: the first images that could not be read, and why.
        documents: what is still to be stored.
    """

    counts: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    documents: list[Mapping[str, Any]] = field(default_factory=list)

    def add(self, other: "Chunk") -> None:
        """Count another chunk in."""
        self.counts += other.counts
        self.left_out += other.left_out
        self.problems = [*self.problems, *other.problems][:PROBLEMS]


def open_work(setup: Setup) -> Work:
    """Open the model and the store in a worker process; see vidset.engines."""
    predictor = open_predictor(setup)

    def work(task: Sequence[KeptImage], _: Report) -> Chunk:
        return predictor.predict(task)

    return work


def open_predictor(setup: Setup) -> "Predictor":
    """Open the model and the store.

    Raises:
        DatasetError: the run cannot be used, or it is not the one that was asked for.
        ValueError: the store cannot be used.
    """
    from vidset.training.scoring.run import read_run

    # Another machine may have another run in a folder of this name.
    if (found := read_run(setup.run).run_id) != setup.look.run_id:
        raise DatasetError(f"{setup.run}: wanted the run {setup.look.run_id}, got {found}")
    side = None
    if not setup.prelabel_evaluation:
        side = find_evaluation_side(Repository(setup.datasets))
    return Predictor(
        look=setup.look,
        trained=open_model(setup.run, setup.model, setup.threads),
        store=open_documents(setup.store) if setup.stores else None,
        template=setup.template,
        side=side,
        images=ImageFiles(str(setup.place.out), setup.place.files_root),
    )


@dataclass(slots=True, eq=False)
class Predictor:
    """Attributes:
    store: where documents are kept; None: they come back with the chunk.
    side: images that nearly repeat one of it are passed over; None: none are.
    images: the place's own.
    """

    look: RunLook
    trained: Asked
    store: Store | None
    template: Template
    side: EvaluationSide | None
    images: ImageFiles

    def predict(self, images: Sequence[KeptImage]) -> Chunk:
        """Ask the model about images and store what it says, if there is a store.

        Again, it changes nothing.
        """
        chunk, prepared, asked, entries = Chunk(), [], [], []
        for image in images:
            try:
                data = self.images.read(image.id, image.uri)
                picture = decode(data, image.uri)
                if picture.shape[:2] != (image.height, image.width):
                    got = f"{picture.shape[1]}x{picture.shape[0]}"
                    raise DatasetError(
                        f"{image.uri}: wanted {image.width}x{image.height} pixels, which the "
                        f"ledger tells, got {got}"
                    )
                entry = entry_of(image, format_of(data, image.uri))
            except (DatasetError, OSError, ValueError) as error:
                chunk.counts["failed"] += 1
                chunk.problems.append(told(image, error))
                continue
            if self.side is not None and _repeats(picture, self.side):
                chunk.counts["evaluation"] += 1
                continue
            prepared.append(self.trained.prepare(picture, data))
            asked.append(image)
            entries.append(entry)
        if not asked:
            return chunk
        answers = self.trained.ask(prepared, entries)
        moment = now()
        said = [
            make_document(image, answer, self.look, self.template, moment)
            for image, answer in zip(asked, answers, strict=True)
        ]
        documents = [each.document for each in said]
        if self.store is None:
            chunk.documents = documents
        else:
            store_predictions(self.store, documents)
        chunk.counts["predicted"] += len(said)
        for each in said:
            chunk.counts["objects"] += len(each.document["objects"])
            chunk.left_out += each.left_out
        return chunk


def told(image: KeptImage, error: Exception) -> str:
    """Say which image could not be read, and why."""
    text = f"{error.strerror or error}" if isinstance(error, OSError) else str(error)
    return text if text.startswith(image.uri) else f"{image.uri}: {text}"


def _repeats(picture: np.ndarray, side: EvaluationSide) -> bool:
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    phash = phash_of(luma)
    if not side.may_show(phash):
        return False
    small = cv2.resize(luma, (THUMBNAIL_SIDE, THUMBNAIL_SIDE), interpolation=cv2.INTER_AREA)
    return side.shows(phash, small.tobytes())


def entry_of(image: KeptImage, image_format: str, objects: str = "[]") -> Entry:
    """An image of the place in the form that models are asked in.

    Args:
        objects: what people have said of it, as JSON.
    """
    return Entry(
        image_sha256=image.image_sha256,
        image_uri=image.uri,
        image_format=image_format,
        width=image.width,
        height=image.height,
        label=None,
        objects=objects,
        group=image.video_uri,
        split=TRAIN,
        origin=image.image_sha256,
        source="place",
    )
