"""Starts a training run, by PyTorch here or by a program of its own."""

from dataclasses import dataclass
from typing import Any

from vidset.datasets.versions.repository import Repository
from vidset.training.models.commands import CommandModel
from vidset.training.models.registry import choose_model, find_model
from vidset.training.running.request import Progress, Request


@dataclass(frozen=True, slots=True)
class Chosen:
    """The model that a version is trained by.

    Attributes:
        reference: what `find_model` takes.
        name: what the model is called.
        stem: what its runs' folders are called, without the seed.
    """

    reference: str
    name: str
    stem: str


def chosen_model(repository: Repository, version: str, given: str | None) -> Chosen:
    """Return the model that was named, else the default for the version's labels.

    Raises:
        DatasetError: there is no such model, or the version's images have no labels.
    """
    usual = choose_model(repository.manifest(version))
    name = usual if given is None else find_model(given).name
    return Chosen(given or usual, name, version if name == usual else f"{version}-{name}")


def train(request: Request, progress: Progress) -> dict[str, Any]:
    """Train until all is done. Returns what run.json says then.

    A run that is done stays as it is, and one that was interrupted goes on. PyTorch is imported
    only for a model that needs it; `vidset.training.running.threads.set_threads` comes before.

    Raises:
        DatasetError: the settings, the version or the folder cannot be used.
        FaultsError: the data have faults; each is named.
    """
    model = find_model(request.model)
    if isinstance(model, CommandModel):
        from vidset.training.running.command.training import train_program

        return train_program(request, model, progress)
    from vidset.training.running.running import run_training

    return run_training(request, progress)
