"""`vidset extract` and `vidset train` as functions, with the meaning that they have as commands."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from vidset.project import find_project

if TYPE_CHECKING:
    from vidset.intake.request import Summary


def extract(
    sources: str | PathLike[str] | Iterable[str | PathLike[str]],
    place: str | None = None,
    *,
    every: str | float | None = None,
    similarity: float | None = None,
    local_change: str | float | None = None,
    metric: str | None = None,
    tolerance: str | float | None = None,
    jpeg_quality: int | None = None,
    min_sharpness: float | None = None,
    min_brightness: float | None = None,
    max_brightness: float | None = None,
    spans: str | None = None,
    redo: Iterable[str] = (),
    collector: str | None = None,
    rights: Mapping[str, str] | None = None,
    workers: int | None = None,
    full: bool = False,
) -> "Summary":
    """Sample videos and keep what is new as images, with ledgers, as `vidset extract` does.

    The workers are processes of their own, which do not import the program that calls this. On
    KeyboardInterrupt they end at once, and the same call goes on from there.

    Args:
        sources: videos, folders, globs, gs:// or s3:// uris.
        place: where the images go, made if need be; None as for `vidset.open`.
        rights: what is stated of videos that come without: `license`, `license_url`,
            `attribution`, `obtained_from`, `consent`.
        every, similarity, ...: the options of the command of the same names; None is what the
            place's vidset.toml says, else the default.

    Returns:
        Counts: `videos`, `samples`, `kept`, `dropped`, `failed` and more.

    Raises:
        ValueError: the request cannot be carried out; nothing has been started.
        vidset.errors.ExtractionError: a store or a ledger failed.
    """
    from vidset.api.choices import extraction_options, workers_of
    from vidset.intake.redoing import Redo
    from vidset.intake.request import Request
    from vidset.intake.run import extract as run
    from vidset.project import make_place

    project = find_project(place, is_made=True)
    given = {
        "every": every,
        "similarity": similarity,
        "local_change": local_change,
        "metric": metric,
        "tolerance": tolerance,
        "jpeg_quality": jpeg_quality,
        "min_sharpness": min_sharpness,
        "min_brightness": min_brightness,
        "max_brightness": max_brightness,
        "rights": [f"{key}={text}" for key, text in (rights or {}).items()],
    }
    several = [sources] if isinstance(sources, str | PathLike) else sources
    request = Request(
        inputs=tuple(str(each) for each in several),
        output=project.place,
        options={
            **extraction_options(project, given),
            "spans": spans,
            "collector": project.text("collector", collector),
        },
        workers=workers_of(project, workers),
        redo=Redo(frozenset(redo)),
        labels=project.store,
        is_full=full,
    )
    make_place(project)
    return run(request)


def train(
    version: str | None = None,
    place: str | None = None,
    *,
    seeds: Sequence[int] = (1,),
    model: str | None = None,
    epochs: int = 50,
    splits: Sequence[str] = ("validation",),
    threads: int = 1,
    device: str = "cpu",
    precision: str = "float32",
    cap: int = 10_000,
    allow_leaks: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """Train a fixed model on a version, once for each seed, as `vidset train` does.

    A run that was interrupted goes on, and one that is done stays as it is. PyTorch's threads and
    its deterministic mode are set for the training, and set back behind it.

    Args:
        version: None is the newest version of the place.
        model: a name, package.module:name or the path of a program's .toml file; None is the
            default for the version's labels.
        precision: float32 or bfloat16, in which the network learns; it is part of the recipe.
        tell: is called with lines that a person should know, and one for each epoch.

    Returns:
        For each seed, what run.json says, its folder `output`, the scores of its best epoch
        (`best`) and the mean of its last five (`last_five_mean`), by split.

    Raises:
        vidset.datasets.errors.DatasetError: the settings, the version or the folder cannot be used.
    """
    from vidset.datasets.errors import DatasetError
    from vidset.datasets.versions.repository import Repository
    from vidset.training.running.request import Request
    from vidset.training.running.results import sum_up
    from vidset.training.running.starting import chosen_model, train
    from vidset.training.running.threads import threads_while

    folder = find_project(place).folder("vidset.train")
    repository = Repository(folder / "datasets")
    if version is None:
        versions = repository.versions()
        if not versions:
            raise DatasetError(f"{repository.root}: there is no version yet")
        version = versions[-1][:12]
    chosen = chosen_model(repository, version, model)
    runs = []
    with threads_while(chosen.reference, threads):
        for seed in seeds:
            output = folder / "runs" / f"{chosen.stem}-{seed}"
            request = Request(
                repository=repository,
                reference=version,
                output=output,
                seed=seed,
                epochs=epochs,
                splits=tuple(splits),
                model=chosen.reference,
                threads=threads,
                device=device,
                precision=precision,
                cap=cap,
                allow_leaks=allow_leaks,
            )
            runs.append(sum_up(train(request, _Told(tell)), output))
    return runs


class _Told:
    """A Progress that tells lines."""

    def __init__(self, tell: Callable[[str], None]):
        self._tell = tell

    def note(self, text: str) -> None:
        self._tell(text)

    def preparing(self, images: int) -> Callable[[], None]:
        return lambda: None

    def epoch(self, number: int, epochs: int, batches: int) -> Callable[[], None]:
        return lambda: None

    def ended(self, line: Mapping[str, Any]) -> None:
        scores = {split: next(iter(each.values())) for split, each in line["scores"].items()}
        self.note(f"epoch {line['epoch']}: {scores}")

    def folds(self, done: int, folds: int) -> None:
        self.note(f"{done} of {folds} folds")

    def of_run(self, name: str) -> "_Told":
        return _Told(lambda text: self._tell(f"{name}: {text}"))
