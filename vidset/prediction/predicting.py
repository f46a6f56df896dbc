"""`vidset predict`: the best epoch of a run asked about the images of a place.

images of the ledger -> without a label -> not on the evaluation side -> not predicted by this run
-> chunks -> worker processes

Nothing is remembered but the documents themselves: a run that breaks off at any moment goes on
from those that are there, and several at once predict no image twice in the store.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path

from vidset.datasets.errors import DatasetError
from vidset.datasets.splits.evaluation_side import find_evaluation_side
from vidset.datasets.versions.repository import Repository
from vidset.engines.engine import Engine, Limits, StartEngine, TaskError, TaskLostError
from vidset.engines.local import LocalEngine
from vidset.engines.tasks import UnfinishedError
from vidset.labeling.stores.opening import open_store
from vidset.labeling.stores.store import Key, Store
from vidset.labeling.template import read_template
from vidset.place import Place
from vidset.place_images import KeptImage
from vidset.prediction.document import RunLook
from vidset.prediction.storing import done_by, store_predictions
from vidset.prediction.work import Chunk, Setup, open_predictor, open_work
from vidset.shards import Shard
from vidset.training.models.commands import CommandModel
from vidset.training.models.registry import find_model
from vidset.training.running.of_run import model_of
from vidset.training.scoring.answer_scores import AnswerScores, answer_scores
from vidset.training.scoring.run import read_run

CHUNK = 64
# A program is started once for so many: their files are in memory meanwhile.
_CHUNK_OF_PROGRAM = 512
_LOOKUPS = 300
# Fewer images than this are not worth the start of other processes.
_ALONE = 4 * CHUNK
_POLL_SECONDS = 0.5

Show = Callable[[Counter[str]], None]


@dataclass(frozen=True, slots=True)
class Request:
    """The request for predictions.

    Attributes:
        run: the run's folder.
        datasets: where the dataset versions of the place are.
        all_images: also those that have a label.
        prelabel_evaluation: also those of the validation and test groups.
        answer_score: from which score on a detector's objects are offered; None: the best one of
            each label.
        model: what names the run's model, where it is no model that vidset knows by its name.
        workers: processes of this machine. A program of its own is asked by one alone.
        shard: only this part of the videos.
        limit: at most so many images.
    """

    place: Place
    run: Path
    datasets: Path
    all_images: bool = False
    prelabel_evaluation: bool = False
    answer_score: float | None = None
    model: str | None = None
    workers: int = 1
    threads: int = 1
    shard: Shard | None = None
    limit: int | None = None


@dataclass(slots=True)
class Summary:
    """The outcome for the images.

    Attributes:
        counts: by `predicted`; `done`, by this run before; `labeled`; `evaluation`, kept away from
            the model; `failed`. And `objects` that were offered to annotators.
        left_out: objects that the task template has no room for, by the reason.
        problems: the first failures.
    """

    counts: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def add(self, chunk: Chunk) -> None:
        """Count the outcome of a chunk in."""
        together = Chunk(self.counts, self.left_out, self.problems)
        together.add(chunk)
        self.counts, self.left_out = together.counts, together.left_out
        self.problems = together.problems


def count_images(request: Request) -> Counter[str]:
    """Count the images by what would become of them; `wanted` are those that would be predicted."""
    setup = _setup(request)
    store = open_store(setup.store)
    try:
        counts: Counter[str] = Counter()
        for _ in _wanted(request, setup, store, counts):
            counts["wanted"] += 1
        return counts
    finally:
        store.close()


def predict_place(
    request: Request,
    show: Show = lambda _: None,
    start_elsewhere: StartEngine | None = None,
) -> Summary:
    """Predict the images of a place, as far as this run has not done so.

    Args:
        show: is called with the counts from time to time.
        start_elsewhere: starts an engine of other machines. They read images and the run; what
            they find this machine stores. None: worker processes of this machine.

    Raises:
        DatasetError: the run cannot be used, or a version of the place is damaged.
        ValueError: the place, its settings or its store cannot be used.
        UnfinishedError: a worker could not do its work; what is stored stays.
        EngineLostError: the engine is gone; what is stored stays.
    """
    setup = _setup(request)
    store, summary = open_store(setup.store), Summary()
    try:
        wanted = _wanted(request, setup, store, summary.counts)
        is_program = _is_program(request)
        if is_program and start_elsewhere is not None:
            raise DatasetError(
                f"{request.model}: a program is asked on this machine: wanted no other engine"
            )
        first = list(islice(wanted, _ALONE))
        if start_elsewhere is not None:
            if first:
                opens = partial(open_work, replace(setup, stores=False))
                engine = start_elsewhere(1, opens, Limits(), lambda _: None)
                _predict_by(engine, _chunks(chain(first, wanted), CHUNK), store, summary, show)
        elif is_program or request.workers < 2 or len(first) < _ALONE:
            predictor = open_predictor(setup) if first else None
            size = _CHUNK_OF_PROGRAM if is_program else CHUNK
            for chunk in _chunks(chain(first, wanted), size):
                assert predictor is not None  # noqa: S101 (there is a first image)
                summary.add(predictor.predict(chunk))
                show(summary.counts)
        else:
            opens = partial(open_work, setup)
            engine = LocalEngine(request.workers, opens, Limits(), lambda _: None)
            _predict_by(engine, _chunks(chain(first, wanted), CHUNK), store, summary, show)
    finally:
        store.close()
    return summary


def _predict_by(
    engine: Engine,
    chunks: Iterator[Sequence[KeptImage]],
    store: Store,
    summary: Summary,
    show: Show,
) -> None:
    running, tries = 0, Counter[str]()
    try:
        waiting: list[Sequence[KeptImage]] = []
        while True:
            while running < engine.capacity and (chunk := _next(waiting, chunks)):
                engine.submit(chunk)
                running += 1
            if not running:
                return
            ended = engine.next(_POLL_SECONDS)
            if ended is None:
                continue
            running -= 1
            if isinstance(ended.error, TaskLostError):
                tries[ended.task[0].id] += 1
                if tries[ended.task[0].id] == 1:
                    waiting.append(ended.task)
                    continue
                lost = Chunk(Counter(failed=len(ended.task)))
                lost.problems = [f"{ended.task[0].uri} and those after it: {ended.error.reason}"]
                summary.add(lost)
            elif isinstance(ended.error, TaskError):
                raise UnfinishedError(ended.error.reason)
            else:
                if ended.result.documents:
                    store_predictions(store, ended.result.documents)
                summary.add(ended.result)
            show(summary.counts)
    finally:
        engine.end()


def _next(
    waiting: list[Sequence[KeptImage]], chunks: Iterator[Sequence[KeptImage]]
) -> Sequence[KeptImage] | None:
    return waiting.pop() if waiting else next(chunks, None)


def _is_program(request: Request) -> bool:
    return request.model is not None and isinstance(find_model(request.model), CommandModel)


def _chunks(images: Iterator[KeptImage], size: int) -> Iterator[Sequence[KeptImage]]:
    while chunk := list(islice(images, size)):
        yield chunk


def _setup(request: Request) -> Setup:
    run = read_run(request.run)
    # Before any work: workers could not open another.
    model_of(request.run, run.details, request.model)
    if run.task != "classification" and run.details.get("transforms"):
        raise DatasetError(
            f"run {request.run}: it was trained on images that a recipe has transformed, and its "
            "objects would not lie where the place's own images have them: wanted a run on a "
            "version without transforms"
        )
    scores = AnswerScores({}, "no boxes")
    if run.is_detection:
        scores = answer_scores(run, request.answer_score)
    settings = request.place.settings("inspect")
    look = RunLook(run.folder.name, run.run_id, run.model, run.version, run.best_epoch, scores)
    return Setup(
        place=request.place,
        store=settings.store,
        template=read_template(settings.template),
        run=request.run.absolute(),
        model=request.model,
        datasets=request.datasets,
        look=look,
        prelabel_evaluation=request.prelabel_evaluation,
        threads=request.threads,
    )


def images_of(request: Request) -> Iterator[KeptImage]:
    """Yield the images of the place, or of the part that is asked for."""
    images = iter(request.place.kept_images())
    if request.shard is None:
        return images
    shard = request.shard
    return (image for image in images if shard.has(image.video_uri))


def _wanted(
    request: Request, setup: Setup, store: Store, counts: Counter[str]
) -> Iterator[KeptImage]:
    """Yield the images to predict, and count the others."""
    images = images_of(request)
    side = None
    if not request.prelabel_evaluation:
        side = find_evaluation_side(Repository(request.datasets))
    given = 0
    while chunk := list(islice(images, _LOOKUPS)):
        labeled = [False] * len(chunk) if request.all_images else _labeled(store, chunk)
        done = done_by(store, [image.id for image in chunk], setup.look.run_id)
        for image, has_label, is_done in zip(chunk, labeled, done, strict=True):
            name = request.place.name_of(image.id, image.uri)
            if has_label:
                counts["labeled"] += 1
            elif side is not None and _is_evaluated(side, name, image):
                counts["evaluation"] += 1
            elif is_done:
                counts["done"] += 1
            elif request.limit is None or given < request.limit:
                given += 1
                yield image
            else:
                return


def _is_evaluated(side, name: str, image: KeptImage) -> bool:
    return side.holds(image.uri if "://" in image.uri else name, image.image_sha256)


def _labeled(store: Store, images: Sequence[KeptImage]) -> list[bool]:
    """Tell of each image whether people have said something of it that holds."""
    keys: list[Key] = [("annotations", image.id) for image in images]
    return [
        found is not None and found.document["state"] != "rejected" for found in store.get(*keys)
    ]
