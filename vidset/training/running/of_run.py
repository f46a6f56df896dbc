"""Finds the model that a run was trained by. No PyTorch is imported for it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vidset.datasets.errors import DatasetError
from vidset.training.models.registry import (
    FixedModel,
    Model,
    as_trained,
    find_model,
    named_model,
)
from vidset.training.running.folder import RunFolder


def read_details(run: Path) -> Mapping[str, Any]:
    """Return what run.json says.

    Raises:
        DatasetError: the run is not done.
    """
    details = RunFolder(run).run() if run.is_dir() else None
    if details is None or details["state"] != "done":
        raise DatasetError(f"{run}: wanted a training run that is done")
    return details


def model_of(run: Path, details: Mapping[str, Any], name: str | None = None) -> Model:
    """Return the model of a run.

    Args:
        details: what run.json says.
        name: what `find_model` takes. A model that is a program, or that is found by its module,
            has to be named: a run's folder may come from others, and nothing that it names is run.

    Raises:
        DatasetError: there is no such model, or its recipe is not the run's.
    """
    if name is not None:
        model = find_model(name)
    else:
        try:
            model = named_model(details["model"])
        except DatasetError:
            raise DatasetError(
                f"{run}: it was trained by {details['model']}, which is no model that vidset knows "
                "by its name: --model says where it is, as for vidset train"
            ) from None
    if isinstance(model, FixedModel):
        model = as_trained(model, details)
    if model.recipe_hash != details["recipe_hash"]:
        raise DatasetError(
            f"{run}: {details['model']} was trained by the recipe {details['recipe_hash'][:12]}, "
            f"that of {model.name} is {model.recipe_hash[:12]} now"
        )
    return model
