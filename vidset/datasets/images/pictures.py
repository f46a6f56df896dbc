"""The pictures behind the rows of a manifest: several images may hold the same one."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from vidset.datasets.errors import DatasetError
from vidset.datasets.images.near_duplicates import Pictures


@dataclass(frozen=True, slots=True)
class Pictured:
    """The pictures of the rows.

    Attributes:
        pixels: of each row: pixels_sha256.
        blank: of each row: all its pixels are equal.
        places: of each row: its place in `pictures`; -1 for blanks.
        pictures: the different ones, without blanks, in an order that their content gives.
    """

    pixels: list[str]
    blank: list[bool]
    places: list[int]
    pictures: Pictures


def pictured(image_hashes: Sequence[str], measures: pa.Table) -> Pictured:
    """Returns what images show.

    Args:
        measures: vidset.datasets.images.measures's, a row for each image at least.

    Raises:
        DatasetError: an image has no measures.
    """
    columns = ["contrast", "phash", "pixels_sha256", "thumbnail"]
    measured = measures_of(image_hashes, measures, columns)
    pixels = measured["pixels_sha256"].to_pylist()
    blank = [contrast == 0 for contrast in measured["contrast"].to_pylist()]
    rows = {each: row for row, each in enumerate(pixels) if not blank[row]}
    shown = sorted(rows)
    place_of = {each: place for place, each in enumerate(shown)}
    return Pictured(
        pixels=pixels,
        blank=blank,
        places=[place_of.get(each, -1) for each in pixels],
        pictures=Pictures(measured.take(pa.array([rows[each] for each in shown], pa.int64()))),
    )


def measures_of(image_hashes: Sequence[str], measures: pa.Table, columns: list[str]) -> pa.Table:
    """Some of the measures of images, a row for each, in their order.

    Raises:
        DatasetError: an image has no measures.
    """
    wanted = pa.array(image_hashes, pa.string())
    known = pc.SetLookupOptions(measures["image_sha256"])
    rows = pc.call_function("index_in", [wanted], known)
    if rows.null_count:
        missing = image_hashes[rows.is_null().index(True).as_py()]
        raise DatasetError(f"image {missing}: it was not measured")
    return measures.select(columns).take(rows)
