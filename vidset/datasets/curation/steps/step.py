"""A step of a recipe takes a picture, and gives another with where its points went."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol

import numpy as np

from vidset.datasets.errors import DatasetError, shortened

UNMOVED = np.eye(3)


@dataclass(frozen=True, slots=True, eq=False)
class Stepped:
    """The result of a step.

    Attributes:
        picture: (height, width, 3) uint8 RGB.
        moved: 3x3, homogeneous: where a point (x, y, 1) of the old picture is in the new one.
    """

    picture: np.ndarray
    moved: np.ndarray


class Step(Protocol):
    """A frozen dataclass; its fields are the parameters, numbers or words, with defaults.

    The same picture and parameters give the same result: what is random in an augmentation is drawn
    before, and recorded (vidset.datasets.curation.recipe).
    """

    name: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]

    def apply(self, picture: np.ndarray) -> Stepped:
        """The step on one picture, (height, width, 3) uint8 RGB."""
        ...


def recorded(step: Step) -> dict[str, Any]:
    """Returns it as manifests and checkpoints have it: {"step": name, parameter: value, ...}."""
    return {"step": step.name, **{field.name: getattr(step, field.name) for field in fields(step)}}


def background(picture: np.ndarray) -> tuple[int, int, int]:
    """The colour that a picture has at its edge: the median of its outermost pixels."""
    edge = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    red, green, blue = np.median(edge, axis=0).astype(int).tolist()
    return red, green, blue


def within(step: str, parameter: str, value: float, low: float, high: float) -> None:
    """Refuse a parameter outside of its range.

    Raises:
        DatasetError: it is.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise DatasetError(
            f"step {step}: wanted {parameter} from {low:g} to {high:g}, got {shortened(value)}"
        )


def one_of(step: str, parameter: str, value: str, wanted: tuple[str, ...]) -> None:
    """Refuse an unknown word.

    Raises:
        DatasetError: it is.
    """
    if value not in wanted:
        raise DatasetError(
            f"step {step}: wanted {parameter} one of {', '.join(wanted)}, got {shortened(value)}"
        )
