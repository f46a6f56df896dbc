"""What a model said of the images of a split: the rows of RUN/predictions/<split>/*.parquet."""

import pyarrow as pa
import pyarrow.parquet as pq

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
    """The file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table.cast(SCHEMA), sink, compression="zstd")
    return sink.getvalue().to_pybytes()
