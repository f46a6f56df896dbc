"""The fixed models by name. A result says which recipe it is of, by the recipe's hash.

A team brings a model of its own as a Python object (`package.module:model`, or an entry point of
the group `vidset.models`, which has a name), or as a program that a TOML file describes.

Light to import: PyTorch comes with `FixedModel.learner`.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.entry import TRAIN
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.objects import read_objects
from vidset.suggestions import unknown
from vidset.training.models import recipes
from vidset.training.models.commands import CommandModel, read_command_model

if TYPE_CHECKING:
    from vidset.training.models.learner import Learner
    from vidset.training.models.truths import Truths

GROUP = "vidset.models"
Task = Literal["classification", "detection", "segmentation"]
FLOAT32, BFLOAT16 = "float32", "bfloat16"
_MIXED = {"network": BFLOAT16, "loss": FLOAT32, "weights": FLOAT32, "answers": FLOAT32}


@dataclass(frozen=True, slots=True)
class FixedModel:
    """A model that stays as it is while the data change.

    Attributes:
        recipe: all that fixes the model, as JSON. Epochs and seed are the run's. Code that gives
            other results belongs under another name: tests pin each hash and what it computes.
        learner_module: the module whose `open_learner(recipe)` gives its Learner.
        scores: the names of a split's scores, the first of which chooses the best epoch; empty
            where they are known only after the first epoch. The loss stands beside them.
    """

    name: str
    task: Task
    recipe: Mapping[str, Any] = field(repr=False)
    learner_module: str
    scores: tuple[str, ...] = ()

    def started_from(self, weights_sha256: str) -> "FixedModel":
        """Return the model that begins with the weights of a file: its recipe is another one.

        Raises:
            DatasetError: the model takes none.
        """
        initial = self.recipe.get("initial", {})
        if "encoder" not in initial:
            raise DatasetError(f"--weights: {self.name} draws all its weights from the seed")
        initial = {
            **initial,
            "encoder": {"sha256": weights_sha256},
        }
        return replace(self, recipe={**self.recipe, "initial": initial})

    def in_precision(self, precision: str) -> "FixedModel":
        """Return the model that learns in this precision; in bfloat16 its recipe is another one.

        Raises:
            DatasetError: it is neither float32 nor bfloat16.
        """
        if precision not in (FLOAT32, BFLOAT16):
            raise DatasetError(f"--precision: wanted {FLOAT32} or {BFLOAT16}, got {precision!r}")
        if precision == FLOAT32:
            return self
        return replace(self, recipe={**self.recipe, "precision": _MIXED})

    @property
    def recipe_hash(self) -> str:
        """SHA-256 of the recipe as canonical JSON, in hex."""
        return hashlib.sha256(to_json(self.recipe).encode()).hexdigest()

    def learner(self) -> "Learner":
        """Returns what trains it and asks it."""
        return import_module(self.learner_module).open_learner(self.recipe)

    def truths(self) -> "Truths":
        """Returns what reads the truth of its task."""
        return self.learner()


Model = FixedModel | CommandModel

MODELS = {
    model.name: model
    for model in (
        FixedModel(
            "resnet50-c2-32",
            "classification",
            recipes.RESNET50_C2_32,
            "vidset.training.models.classification",
            ("accuracy",),
        ),
        FixedModel(
            "centernet-r18-256",
            "detection",
            recipes.CENTERNET_R18_256,
            "vidset.training.models.detection",
            ("ap50", "ap"),
        ),
        FixedModel(
            "unet-r18-320x180",
            "segmentation",
            recipes.UNET_R18_320X180,
            "vidset.training.models.segmentation",
            ("mean_iou", "mean_iou_micro", "pixel_accuracy"),
        ),
        FixedModel(
            "maskrcnn-r50-fpn",
            "detection",
            recipes.MASKRCNN_R50_FPN,
            "vidset.training.models.instances",
            ("ap50", "ap", "ap50_masks", "ap_masks", "ap50_parts", "ap_parts"),
        ),
    )
}


# What a version's labels are learned by, unless another model is asked for.
DEFAULTS: Mapping[Task, str] = {
    "classification": "resnet50-c2-32",
    "detection": "centernet-r18-256",
    "segmentation": "unet-r18-320x180",
}


def choose_model(manifest: Manifest) -> str:
    """Return the default model for a version's labels: one label an image, boxes, or masks.

    Raises:
        DatasetError: its training images have none of them.
    """
    return DEFAULTS[task_of(manifest)]


def task_of(manifest: Manifest) -> Task:
    """Return what can be learned from a version's training images.

    Masks say it of pixels, if they are all that is drawn and no image has two of one label: these
    would be single things, as boxes are.

    Raises:
        DatasetError: they have neither labels nor objects.
    """
    table = manifest.split(TRAIN).table
    if table["label"].null_count < table.num_rows:
        return "classification"
    if table["objects"].null_count < table.num_rows:
        return "segmentation" if _is_of_pixels(table["objects"].to_pylist()) else "detection"
    raise DatasetError(
        f"version {manifest.id}: wanted training images with labels or boxes, "
        f"got {table.num_rows} training images with neither"
    )


def _is_of_pixels(texts: Iterable[str | None]) -> bool:
    """Returns whether images have one mask for each label, and nothing else is drawn in them."""
    found = False
    for text in texts:
        labels = [thing.label for thing in read_objects(text) if thing.type == "mask"]
        others = (thing for thing in read_objects(text) if thing.type != "mask")
        if len(set(labels)) < len(labels) or any(thing.bounds for thing in others):
            return False
        found = found or bool(labels)
    return found


def as_trained(model: FixedModel, details: Mapping[str, Any]) -> FixedModel:
    """Return the model with the initial weights that a run began with, and in its precision.

    Args:
        details: run.json.
    """
    recipe = details["recipe"]
    encoder = recipe.get("initial", {}).get("encoder")
    if isinstance(encoder, dict):
        model = model.started_from(encoder["sha256"])
    return model.in_precision(BFLOAT16 if recipe.get("precision") == _MIXED else FLOAT32)


def find_model(reference: str) -> Model:
    """Return a model by its name, by `package.module:name`, or by the path of its TOML file.

    Raises:
        DatasetError: there is none, or what is there is no model.
    """
    if reference in MODELS:
        return MODELS[reference]
    if reference.endswith(".toml"):
        found = read_command_model(Path(reference).expanduser())
        if found.name in MODELS:
            raise DatasetError(f"{reference}: name: {found.name} is a model of vidset's own")
        return found
    points = entry_points(group=GROUP)
    if reference in points.names:
        return _plugged(points[reference].value, f"the entry point {reference!r} of {GROUP}")
    if ":" in reference:
        return _plugged(reference, f"--model {reference}")
    raise DatasetError(
        unknown("model", reference, {*MODELS, *points.names})
        + " A model of your own is package.module:name or a file that ends with .toml."
    )


def _plugged(reference: str, place: str) -> Model:
    """Load a model from another package. The code of its learner becomes a part of its recipe."""
    module, _, name = reference.partition(":")
    if not all(part.isidentifier() for part in module.split(".")):
        raise DatasetError(f"{place}: wanted package.module:name")
    try:
        found = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise DatasetError(
            f"{place}: {error}; install its package, or let PYTHONPATH name its folder"
        ) from None
    except AttributeError:
        raise DatasetError(f"{place}: the module {module} has no {name!r}") from None
    if isinstance(found, CommandModel):
        return found
    if not isinstance(found, FixedModel):
        raise DatasetError(
            f"{place}: wanted a FixedModel or CommandModel, got {type(found).__name__}"
        )
    if found.name in MODELS:
        raise DatasetError(f"{place}: {found.name} is a model of vidset's own")
    try:
        spec = find_spec(found.learner_module)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise DatasetError(f"{place}: its learner's module {found.learner_module} has no file")
    code = hashlib.sha256(Path(spec.origin).read_bytes()).hexdigest()
    return replace(found, recipe={**found.recipe, "code": {found.learner_module: code}})


def named_model(name: str) -> FixedModel:
    """Return a model that is trained here by a name that a file says: of vidset's own, or of an
    entry point of an installed package. No module or file is looked for, for the file may be
    anybody's.

    Raises:
        DatasetError: there is none of this name.
    """
    if not isinstance(name, str) or not {*MODELS, *entry_points(group=GROUP).names} & {name}:
        raise DatasetError(f"wanted a model that vidset knows by its name, got {name!r}")
    return fixed_model(name)


def fixed_model(name: str) -> FixedModel:
    """Return a model that is trained here: a built-in one, or a plug-in that is no program.

    Raises:
        DatasetError: there is none of this name.
    """
    found = find_model(name)
    if isinstance(found, CommandModel):
        raise DatasetError(f"{name} is a program, wanted a model that vidset trains itself")
    return found
