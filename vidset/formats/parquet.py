"""Parquet with the images in it, one row each, as Hugging Face's `datasets` reads them.

`load_dataset("parquet", data_files="PATH/data/*.parquet")` shows `image` as a picture.
https://huggingface.co/docs/datasets/image_dataset#parquet-format

A row says all that the annotation says; attributes are a text of JSON, since their kinds differ.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vidset.formats.format import ImageLabels, Loss
from vidset.formats.parquet_reading import read_samples
from vidset.formats.samples import Sample, write_shards
from vidset.labeling.annotation import LabeledObject
from vidset.rights import FIELDS

__all__ = ["NAME", "SCHEMA", "image_file", "read_samples", "sayable", "write"]
NAME = "Parquet"
_TEXT, _NUMBER, _COUNT = pa.string(), pa.float64(), pa.int64()
_POINTS = pa.list_(pa.struct({"x": _NUMBER, "y": _NUMBER}))
_OBJECT = pa.struct(
    {
        "id": _TEXT,
        "label": _TEXT,
        "type": _TEXT,
        "box": pa.struct(dict.fromkeys(("x", "y", "width", "height", "angle"), _NUMBER)),
        "points": _POINTS,
        "rings": pa.list_(pa.struct({"points": _POINTS, "hole": pa.bool_()})),
        "mask": pa.struct({"size": pa.list_(_COUNT), "counts": _TEXT}),
        "attributes": _TEXT,
    }
)
SCHEMA = pa.schema(
    {
        "image": pa.struct({"bytes": pa.binary(), "path": _TEXT}),
        "image_id": _TEXT,
        "image_uri": _TEXT,
        "width": _COUNT,
        "height": _COUNT,
        "objects": pa.list_(_OBJECT),
        "annotator": _TEXT,
        "updated_at": pa.timestamp("us", "UTC"),
        "revision": _COUNT,
        "video_uri": _TEXT,
        "pts_seconds": _NUMBER,
        "collector_id": _TEXT,
        **dict.fromkeys(FIELDS, _TEXT),
    },
    {"huggingface": json.dumps({"info": {"features": {"image": {"_type": "Image"}}}})},
)
# A row group, which is what readers hold in memory at a time.
_GROUP_ROWS, _GROUP_BYTES = 100, 32 << 20


def image_file(image_name: str) -> str:
    return image_name


def sayable(labels: ImageLabels) -> tuple[ImageLabels, list[Loss]]:
    return labels, []


def write(
    samples: Iterable[Sample],
    folder: Path,
    numbers_of: Mapping[str, int],  # noqa: ARG001  Labels are texts here.
    most_bytes: int,
) -> None:
    """data/train-00000-of-00001.parquet and so on: the names that `datasets` looks for."""
    (folder / "data").mkdir()

    def name_of(number: int, total: int) -> str:
        return f"train-{number:05}-of-{total:05}.parquet"

    write_shards(samples, folder / "data", name_of, _File, most_bytes)


class _File:
    def __init__(self, path: Path):
        # JPEGs are neither repeated nor ordered, and do not get smaller.
        other = [name for name in _leaves(SCHEMA) if name != "image.bytes"]
        options: dict[str, Any] = {
            "compression": dict.fromkeys(other, "zstd") | {"image.bytes": "none"},
            "use_dictionary": other,
            "write_statistics": other,
        }
        self._writer = pq.ParquetWriter(path, SCHEMA, **options)
        self._rows: list[dict[str, Any]] = []
        self._size = 0

    def add(self, sample: Sample) -> None:
        self._rows.append(_row(sample))
        self._size += len(sample.data)
        if len(self._rows) == _GROUP_ROWS or self._size >= _GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        if self._rows:
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        self._writer.write_table(pa.Table.from_pylist(self._rows, SCHEMA))
        self._rows, self._size = [], 0


def _leaves(schema: pa.Schema) -> list[str]:
    """The columns by their paths, as Parquet names them."""
    empty = pa.BufferOutputStream()
    pq.write_table(schema.empty_table(), empty)
    columns = pq.read_metadata(pa.BufferReader(empty.getvalue())).schema
    return [columns.column(number).path for number in range(len(columns))]


def _row(sample: Sample) -> dict[str, Any]:
    labels = sample.labels
    return {
        "image": {"bytes": sample.data, "path": sample.image},
        "image_id": sample.image_id,
        "image_uri": sample.image_uri,
        "width": labels.width,
        "height": labels.height,
        "objects": [_object(item) for item in labels.objects],
        "annotator": labels.annotator,
        "updated_at": labels.updated_at,
        "revision": sample.revision,
        "video_uri": labels.video_uri,
        "pts_seconds": labels.pts_seconds,
        "collector_id": labels.collector_id,
        **labels.rights.columns(),
    }


def _object(item: LabeledObject) -> dict[str, Any]:
    document = item.to_document() | {"points": item.to_older_document()["points"]}
    return document | {"attributes": json.dumps(document["attributes"], ensure_ascii=False)}
