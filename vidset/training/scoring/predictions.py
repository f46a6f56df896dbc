"""A model's predictions for a split: the rows of RUN/predictions/<split>/*.parquet."""

import itertools
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.manifest import Manifest
from vidset.parquet import read_parquet

SCHEMA = pa.schema(
    [
        pa.field("image_sha256", pa.string(), nullable=False),
        pa.field("image_uri", pa.string(), nullable=False),
        # What versions are compared by: the image that it was made from.
        pa.field("origin", pa.string(), nullable=False),
        # A label; for a detector a JSON list of {label, box {x, y, width, height}, score}, in
        # pixels of the image from its top left. The truth's boxes have no score.
        pa.field("truth", pa.string()),
        pa.field("predicted", pa.string(), nullable=False),
        # Of the run's classes, in their order; null for a detector.
        pa.field("probabilities", pa.list_(pa.float32())),
    ]
)


def to_parquet(table: pa.Table) -> bytes:
    """Return the bytes of the file that keeps these predictions."""
    sink = pa.BufferOutputStream()
    pq.write_table(table.cast(SCHEMA), sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def read_predictions(path: Path) -> pa.Table:
    """Read a table of predictions, sorted by (origin, image_uri).

    Raises:
        DatasetError: the file is missing, is no table of predictions, or names an image twice.
    """
    try:
        table = read_parquet(path)
    except FileNotFoundError:
        raise DatasetError(f"{path}: these predictions were not kept") from None
    missing = [name for name in SCHEMA.names if name not in table.column_names]
    if missing:
        raise DatasetError(f"{path}: wanted predictions, it has no column {', '.join(missing)}")
    if not table.num_rows:
        raise DatasetError(f"{path}: has no images")
    table = table.sort_by([("origin", "ascending"), ("image_uri", "ascending")])
    names = list(zip(table["origin"].to_pylist(), table["image_uri"].to_pylist(), strict=True))
    for one, other in itertools.pairwise(names):
        if one == other:
            raise DatasetError(f"{path}: {one[1]} stands in it twice")
    return table


def rows_of(predictions: pa.Table, manifest: Manifest) -> list[dict[str, Any]]:
    """Return the manifest's row of each prediction, in the order of the predictions.

    Raises:
        DatasetError: an image of the predictions is not in the version.
    """
    known = {(row["image_sha256"], row["image_uri"]): row for row in manifest.table.to_pylist()}
    names = predictions.select(["image_sha256", "image_uri"]).to_pylist()
    pairs = [(name["image_sha256"], name["image_uri"]) for name in names]
    unknown = [uri for digest, uri in pairs if (digest, uri) not in known]
    if unknown:
        raise DatasetError(
            f"{unknown[0]}: was predicted, but version {manifest.id} has no such image"
            f" ({len(unknown)} such images)"
        )
    return [known[pair] for pair in pairs]
