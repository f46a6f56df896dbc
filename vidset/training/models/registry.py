"""The fixed models by name. A result says which recipe it is of, by the recipe's hash.

Light to import: PyTorch comes with `FixedModel.learner`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.entry import TRAIN
from vidset.datasets.versions.manifest import Manifest
from vidset.suggestions import unknown
from vidset.training.models import recipes

if TYPE_CHECKING:
    from vidset.training.models.learner import Learner

Task = Literal["classification", "detection"]


@dataclass(frozen=True, slots=True)
class FixedModel:
    """A model that stays as it is while the data change.

    Attributes:
        recipe: all that fixes the model, as JSON. Epochs and seed are the run's. Code that gives
            other results belongs under another name: tests pin each hash and what it computes.
        learner_module: the module whose `open_learner(recipe)` gives its Learner.
    """

    name: str
    task: Task
    recipe: Mapping[str, Any] = field(repr=False)
    learner_module: str

    @property
    def recipe_hash(self) -> str:
        """SHA-256 of the recipe as canonical JSON, in hex."""
        return hashlib.sha256(to_json(self.recipe).encode()).hexdigest()

    def learner(self) -> "Learner":
        """Returns what trains it and asks it."""
        return import_module(self.learner_module).open_learner(self.recipe)


MODELS = {
    model.name: model
    for model in (
        FixedModel(
            "resnet50-c2-32",
            "classification",
            recipes.RESNET50_C2_32,
            "vidset.training.models.classification",
        ),
        FixedModel(
            "centernet-r18-256",
            "detection",
            recipes.CENTERNET_R18_256,
            "vidset.training.models.detection",
        ),
    )
}


# What a version's labels are learned by, unless another model is asked for.
DEFAULTS: Mapping[Task, str] = {
    "classification": "resnet50-c2-32",
    "detection": "centernet-r18-256",
}


def choose_model(manifest: Manifest) -> str:
    """Return the default model for a version's labels: one label an image, or boxes.

    Raises:
        DatasetError: its training images have neither.
    """
    return DEFAULTS[task_of(manifest)]


def task_of(manifest: Manifest) -> Task:
    """Return what can be learned from a version's training images.

    Raises:
        DatasetError: they have neither labels nor objects.
    """
    table = manifest.split(TRAIN).table
    if table["label"].null_count < table.num_rows:
        return "classification"
    if table["objects"].null_count < table.num_rows:
        return "detection"
    raise DatasetError(
        f"version {manifest.id}: wanted training images with labels or boxes, "
        f"got {table.num_rows} training images with neither"
    )


def fixed_model(name: str) -> FixedModel:
    """Return a registered model.

    Raises:
        DatasetError: there is none of this name.
    """
    try:
        return MODELS[name]
    except KeyError:
        raise DatasetError(unknown("model", name, MODELS)) from None
