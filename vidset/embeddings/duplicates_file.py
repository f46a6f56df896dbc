"""The clusters of duplicates as a Parquet file: a row for each image."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from vidset.embeddings.duplicates import COPY, MIRRORED, Duplicates
from vidset.storage.writing import replacing

_ROWS = 10_000
SCHEMA = pa.schema(
    [
        pa.field("cluster", pa.int64(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("image_id", pa.string(), nullable=False),
        pa.field("image_uri", pa.string(), nullable=False),
        pa.field("image_sha256", pa.string(), nullable=False),
        pa.field("video_uri", pa.string(), nullable=False),
        pa.field("collector_id", pa.string()),
        pa.field("pts_seconds", pa.float64(), nullable=False),
        pa.field("day", pa.string()),
    ]
)


def write_clusters(found: Duplicates, path: Path) -> None:
    """Write all clusters, numbered from 0; of each, the image to label stands first."""
    number, rows = 0, []
    with replacing(path) as file, pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        for kind in COPY, MIRRORED:
            for cluster in found.clusters(kind):
                for each in cluster.members:
                    values = {name: getattr(each, name) for name in SCHEMA.names[2:]}
                    rows.append({"cluster": number, "kind": kind, **values})
                number += 1
                if len(rows) >= _ROWS:
                    writer.write_table(pa.Table.from_pylist(rows, schema=SCHEMA))
                    rows.clear()
        writer.write_table(pa.Table.from_pylist(rows, schema=SCHEMA))
