"""The steps that a recipe may name."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from vidset.datasets.curation.steps.filters import (
    AdaptiveThreshold,
    Brightness,
    Colour,
    MedianFilter,
    Opening,
    Quantise,
    Thickness,
    Threshold,
)
from vidset.datasets.curation.steps.geometry import (
    Crop,
    CropToContent,
    Flip,
    Pad,
    Resize,
    Rotate,
    Shear,
    Zoom,
)
from vidset.datasets.curation.steps.step import Step
from vidset.datasets.errors import DatasetError

STEPS: dict[str, type[Step]] = {
    kind.name: kind
    for kind in (
        AdaptiveThreshold,
        Brightness,
        Colour,
        Crop,
        CropToContent,
        Flip,
        MedianFilter,
        Opening,
        Pad,
        Quantise,
        Resize,
        Rotate,
        Shear,
        Thickness,
        Threshold,
        Zoom,
    )
}


def make_step(name: str, parameters: Mapping[str, Any]) -> Step:
    """A step of this name.

    Raises:
        DatasetError: there is none such, or it has no such parameter, or one is out of its range.
    """
    kind = STEPS.get(name)
    if kind is None:
        raise DatasetError(f"wanted a step, one of {', '.join(STEPS)}; got {name!r}")
    known = [field.name for field in fields(kind)]
    for parameter in parameters:
        if parameter not in known:
            raise DatasetError(
                f"step {name}: wanted parameters {', '.join(known)}; got {parameter!r}"
            )
    return kind(**parameters)
