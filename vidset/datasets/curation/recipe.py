"""A recipe: named steps for every image, and new images for training, drawn with a seed.

A YAML file:

    transforms:                    # every image of every split, in this order
      - rename: {automobile: car}          # labels, of images and objects alike
      - crop_to_content: {margin: 0.05}
      - pad: {to: square}
      - resize: {width: 64, height: 64}
    augmentations:                 # new images beside those of the training split
      copies: 3
      seed: 1
      steps:
        - rotate: {degrees: [-20, 20]}      # drawn evenly, for each copy
        - zoom: {factor: [0.9, 1.1]}
        - flip: {horizontal: [0, 1]}        # every second copy
    synthetic:                     # new images for training: objects pasted on backgrounds
      images: 200
      objects: plates              # see vidset.datasets.curation.synthetic.settings
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vidset.datasets.curation.steps.registry import make_step
from vidset.datasets.curation.steps.step import Step, recorded
from vidset.datasets.curation.synthetic.settings import Synthetic
from vidset.datasets.errors import DatasetError, shortened
from vidset.yaml_files import read_yaml

_DIGITS = 6
RENAME = "rename"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A step of which some parameters are drawn: those given as (lowest, highest)."""

    name: str
    fixed: Mapping[str, Any]
    ranges: Mapping[str, tuple[float, float]]

    def draw(self, random: np.random.Generator) -> Step:
        """One step. Parameters are drawn in the order of their names."""
        values = {
            parameter: round(float(random.uniform(low, high)), _DIGITS)
            for parameter, (low, high) in sorted(self.ranges.items())
        }
        return make_step(self.name, {**self.fixed, **values})


@dataclass(frozen=True, slots=True)
class Recipe:
    """Checked when it is made: no step or parameter is unknown or out of range.

    Attributes:
        copies: new images for each image of the training split.
        rename: labels that become others.
        synthetic: images that are made beside those of the version; None: none.
    """

    transforms: tuple[Step, ...] = ()
    augmentations: tuple[Drawn, ...] = ()
    copies: int = 0
    seed: int = 0
    rename: Mapping[str, str] = field(default_factory=dict)
    synthetic: Synthetic | None = None

    @classmethod
    def read(cls, path: Path) -> "Recipe":
        """Reads a recipe from a YAML file.

        Raises:
            DatasetError: it is none, or not a recipe; it says where.
        """
        given = read_yaml(path, "a recipe", DatasetError)
        try:
            return cls.of(given, path.parent)
        except DatasetError as error:
            raise DatasetError(f"{path}: {error}") from None

    @classmethod
    def of(cls, given: Any, folder: Path = Path()) -> "Recipe":
        """Makes a recipe of what YAML or JSON gives; `to_json` is its inverse.

        Args:
            folder: which the paths in it are relative to.
        """
        top = _mapping("the recipe", given, {"transforms", "augmentations", "synthetic"})
        more = _mapping(
            "augmentations", top.get("augmentations") or {}, {"copies", "seed", "steps"}
        )
        transforms: list[Step] = []
        rename: dict[str, str] = {}
        for name, parameters in _steps("transforms", top.get("transforms")):
            if name == RENAME:
                rename |= _renamed(parameters, rename)
            else:
                transforms.append(make_step(name, parameters))
        augmentations = [
            _drawn(name, parameters) for name, parameters in _steps("steps", more.get("steps"))
        ]
        copies = _whole("copies", more.get("copies", 1 if augmentations else 0), most=1000)
        seed = _whole("seed", more.get("seed", 0), most=2**63)
        if bool(copies) != bool(augmentations):
            raise DatasetError(
                "wanted augmentations with steps and at least one copy, "
                f"got {len(augmentations)} steps and {copies} copies"
            )
        told = top.get("synthetic")
        synthetic = None if told is None else Synthetic.of(told, folder)
        if not transforms and not augmentations and not rename and not synthetic:
            raise DatasetError("wanted at least one step, got none")
        return cls(tuple(transforms), tuple(augmentations), copies, seed, rename, synthetic)

    def to_json(self) -> dict[str, Any]:
        """Returns the recipe as version.json keeps it."""
        kept: dict[str, Any] = {}
        if self.transforms or self.rename:
            renamed = [{RENAME: dict(self.rename)}] if self.rename else []
            kept["transforms"] = [
                *renamed,
                *(_named(recorded(step)) for step in self.transforms),
            ]
        if self.augmentations:
            steps = [
                {step.name: {**step.fixed, **{key: list(two) for key, two in step.ranges.items()}}}
                for step in self.augmentations
            ]
            kept["augmentations"] = {"copies": self.copies, "seed": self.seed, "steps": steps}
        if self.synthetic:
            kept["synthetic"] = self.synthetic.to_json()
        return kept

    def draw(self, image_sha256: str, copy: int) -> list[Step]:
        """The augmenting steps of one copy of an image: the same ones whenever they are drawn."""
        seed = hashlib.sha256(f"{self.seed}:{image_sha256}:{copy}".encode()).digest()
        random = np.random.default_rng(int.from_bytes(seed[:16], "big"))
        return [step.draw(random) for step in self.augmentations]


def transform(picture: np.ndarray, steps: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """A picture, (height, width, 3) uint8 RGB, after recorded steps.

    Raises:
        DatasetError: a step is unknown.
    """
    for step in steps:
        parameters = {name: value for name, value in step.items() if name != "step"}
        picture = make_step(step["step"], parameters).apply(picture).picture
    return picture


def _mapping(what: str, given: Any, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(given, Mapping) or not set(given) <= known:
        got = shortened(sorted(map(str, given)) if isinstance(given, Mapping) else given)
        raise DatasetError(f"wanted {what} with {', '.join(sorted(known))}; got {got}")
    return given


def _steps(what: str, given: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each is `name`, or `name: {parameter: value}`."""
    if not isinstance(given, list | None):
        raise DatasetError(f"wanted {what} as a list, got {shortened(given)}")
    for item in given or []:
        if isinstance(item, str):
            yield item, {}
        elif isinstance(item, Mapping) and len(item) == 1:
            ((name, parameters),) = item.items()
            if not isinstance(parameters or {}, Mapping):
                raise DatasetError(
                    f"step {name}: wanted parameters by name, got {shortened(parameters)}"
                )
            yield str(name), parameters or {}
        else:
            raise DatasetError(
                f"{what}: wanted a step's name and its parameters, got {shortened(item)}"
            )


def _renamed(given: Mapping[str, Any], before: Mapping[str, str]) -> dict[str, str]:
    """Old labels with their new names, after those that were given before."""
    if not given or not all(isinstance(label, str) and label for label in given.values()):
        raise DatasetError(
            f"step {RENAME}: wanted old labels with their new names, got {shortened(given)}"
        )
    names = {str(old): new for old, new in given.items()}
    now = {old: names.get(new, new) for old, new in before.items()}
    # A name that an earlier step gave is no label of the version that the recipe begins with.
    return now | {old: new for old, new in names.items() if old not in before.values()}


def _drawn(name: str, parameters: Mapping[str, Any]) -> Drawn:
    fixed, ranges = {}, {}
    for parameter, value in parameters.items():
        if isinstance(value, list):
            if len(value) != 2 or not all(isinstance(end, int | float) for end in value):
                raise DatasetError(
                    f"step {name}: wanted {parameter} as [lowest, highest], got {shortened(value)}"
                )
            ranges[parameter] = (float(value[0]), float(value[1]))
        else:
            fixed[parameter] = value
    for end in 0, 1:  # What can be drawn must be allowed.
        make_step(name, {**fixed, **{key: two[end] for key, two in ranges.items()}})
    return Drawn(name, fixed, ranges)


def _whole(what: str, given: Any, most: int) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= most:
        raise DatasetError(
            f"wanted {what} as a whole number from 0 to {most}, got {shortened(given)}"
        )
    return given


def _named(step: Mapping[str, Any]) -> dict[str, Any]:
    return {step["step"]: {key: value for key, value in step.items() if key != "step"}}
