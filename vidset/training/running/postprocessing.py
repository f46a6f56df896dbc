"""A team's own last step after a model: a function that is asked about each image.

A package names it in the entry point group `vidset.postprocessing`. It takes the objects that were
found in an image, as vidset.training.scoring.predictions has them, and the picture, (height, width,
3) uint8 RGB, and returns the objects that hold: fewer, other boxes, or with more said of them, such
as the text on a number plate.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import entry_points
from typing import Any

import numpy as np
import pyarrow as pa

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.canonical import to_json
from vidset.json_files import parse_json
from vidset.suggestions import unknown
from vidset.training.scoring.matching import Thing
from vidset.training.scoring.predictions import SCHEMA

GROUP = "vidset.postprocessing"
Objects = Sequence[dict[str, Any]]
Postprocess = Callable[[Objects, np.ndarray], Objects]


def open_postprocessing(name: str) -> Postprocess:
    """Return the function of a package by its name.

    Raises:
        DatasetError: no package brings one of this name.
    """
    known = {point.name: point for point in entry_points(group=GROUP)}
    if name not in known:
        none = "" if known else f" (no package here has the entry point group {GROUP})"
        raise DatasetError(f"--postprocess: {unknown('function', name, known)}{none}")
    return known[name].load()


def postprocessed(
    predictions: pa.Table, pictures: Iterable[np.ndarray], process: Postprocess, name: str
) -> pa.Table:
    """Return the predictions with what the function made of each image's objects.

    Args:
        pictures: of the images, in the order of the rows.
        name: of the function, for messages.

    Raises:
        DatasetError: it returned something else than objects; with the image.
    """
    rows = predictions.select(["image_uri", "predicted"]).to_pylist()
    found = pa.array(_each(rows, pictures, process, name), SCHEMA.field("predicted").type)
    place = predictions.schema.get_field_index("predicted")
    return predictions.set_column(place, SCHEMA.field("predicted"), found)


def _each(
    rows: Sequence[dict[str, str]],
    pictures: Iterable[np.ndarray],
    process: Postprocess,
    name: str,
) -> Iterator[str]:
    for row, picture in zip(rows, pictures, strict=True):
        objects = parse_json(row["predicted"], row["image_uri"], "objects")
        kept = process(objects, picture)
        if not isinstance(kept, list | tuple) or not all(isinstance(each, dict) for each in kept):
            got = type(kept).__name__
            raise DatasetError(
                f"{row['image_uri']}: wanted a list of objects from --postprocess {name}, got {got}"
            )
        where = f"{row['image_uri']}, --postprocess {name}"
        for each in kept:
            Thing.from_json(each, where)
        try:
            yield to_json(list(kept))
        except TypeError as error:  # NumPy's numbers, for example.
            raise DatasetError(f"{where}: wanted objects that JSON can hold: {error}") from None
