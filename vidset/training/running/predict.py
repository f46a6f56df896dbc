"""Asks a trained model about images of any version, after the run's transforms."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from vidset.datasets.errors import DatasetError, FaultsError
from vidset.datasets.images.measures import decode
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.repository import Repository
from vidset.training.models.commands import CommandModel
from vidset.training.running.command.training import ask_program
from vidset.training.running.of_run import model_of, read_details
from vidset.training.running.postprocessing import open_postprocessing, postprocessed


def predict(
    run: Path,
    repository: Repository,
    version: str,
    split: str,
    model_name: str | None = None,
    *,
    postprocess: str | None = None,
) -> pa.Table:
    """The best epoch's predictions for a split, as vidset.training.scoring.predictions.SCHEMA.

    Transforms of the run that the version's images have not had are applied to them first.

    Args:
        model_name: the run's model, where it has to be named: see `model_of`.
        postprocess: the name of a function that has the last word on the objects of each image.

    Raises:
        DatasetError: the function is unknown, the model finds no objects, the run is not done or of
            another recipe, the version has no such split, or it has transforms that the run has
            not.
        FaultsError: images cannot be read or have no truth; each is named.
    """
    details = read_details(run)
    model = model_of(run, details, model_name)
    process = None if postprocess is None else open_postprocessing(postprocess)
    if process is not None and model.task != "detection":
        raise DatasetError(f"--postprocess: {model.name} finds no objects ({model.task})")
    truths = model.truths()
    entries = _entries(repository, version, split)
    if faults := [
        f"{entry.image_uri}: {why}" for entry in entries if (why := truths.unusable(entry))
    ]:
        raise FaultsError(f"{len(faults)} images of {split} cannot be scored", faults)
    steps = missing_steps(
        details["transforms"], repository.details(version).get("transforms") or [], version
    )
    if steps and model.task != "classification":
        raise DatasetError(
            f"version {version}: its images lack the run's transforms {_names(steps)}, and its "
            "objects would not follow: apply the recipe to it first (vidset dataset apply)"
        )
    if isinstance(model, CommandModel):
        table = ask_program(run, details, model, repository, entries, steps)
    else:
        table = _ask(run, repository, entries, steps, model_name)
    if process is None or postprocess is None:
        return table
    whole = (decode(repository.read_image(entry), entry.image_uri) for entry in entries)
    return postprocessed(table, whole, process, postprocess)


def _ask(
    run: Path,
    repository: Repository,
    entries: Sequence[Entry],
    steps: Sequence[Mapping[str, Any]],
    model_name: str | None,
) -> pa.Table:
    from vidset.training.running.asking import to_table
    from vidset.training.running.pictures import prepare_pictures
    from vidset.training.running.trained import open_trained

    trained = open_trained(run, steps, model_name)
    pictures = prepare_pictures(entries, repository, trained.prepare, run)
    return to_table(trained.ask(pictures, entries), entries)


def missing_steps(
    wanted: Sequence[Mapping[str, Any]], done: Sequence[Mapping[str, Any]], version: str
) -> list[Mapping[str, Any]]:
    """The transforms still to be made of a version's images.

    Raises:
        DatasetError: they have had others, or the same in another order.
    """
    if list(wanted[: len(done)]) != list(done):
        raise DatasetError(
            f"version {version}: its images have had the transforms {_names(done)}, "
            f"the run's are {_names(wanted)}: the model would see what it never learned"
        )
    return list(wanted[len(done) :])


def _entries(repository: Repository, version: str, split: str) -> tuple[Entry, ...]:
    manifest = repository.manifest(version)
    entries = tuple(manifest.split(split))
    if not entries:
        has = ", ".join(manifest.splits)
        raise DatasetError(f"version {manifest.id} has no split {split!r}; it has: {has}")
    return entries


def _names(steps: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(str(dict(step)) for step in steps) or "none"
