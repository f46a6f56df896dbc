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
        """What trains it and asks it."""
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


def fixed_model(name: str) -> FixedModel:
    """A registered model.

    Raises:
        DatasetError: there is none of this name.
    """
    try:
        return MODELS[name]
    except KeyError:
        raise DatasetError(f"no model {name!r}; there are: {', '.join(MODELS)}") from None
