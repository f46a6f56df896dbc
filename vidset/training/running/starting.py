"""Starts a training run, by PyTorch here or by a program of its own."""

from typing import Any

from vidset.training.models.commands import CommandModel
from vidset.training.models.registry import find_model
from vidset.training.running.request import Progress, Request


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
