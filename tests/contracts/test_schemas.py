"""infra/schemas is what Terraform makes the tables from; the rows must fit."""

import json
from dataclasses import fields

import pyarrow as pa
import pytest

from tests.paths import ROOT
from vidset.elements import FrameRow, VideoRow
from vidset.ledger.ledger import FRAMES, VIDEOS

SCHEMAS = ROOT / "infra" / "schemas"
TYPES = {
    "STRING": pa.string(),
    "FLOAT": pa.float64(),
    "INTEGER": pa.int64(),
    "BOOLEAN": pa.bool_(),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),
}


@pytest.mark.parametrize(
    ("name", "schema", "row"), [("frames", FRAMES, FrameRow), ("videos", VIDEOS, VideoRow)]
)
def test_the_tables_parquet_and_the_rows_have_the_same_columns(name, schema, row):
    table = json.loads((SCHEMAS / f"{name}.json").read_text())
    assert [field["name"] for field in table] == schema.names
    assert [field["name"] for field in table] == [field.name for field in fields(row)]
    assert [TYPES[field["type"]] for field in table] == schema.types
    assert [field["mode"] == "NULLABLE" for field in table] == [field.nullable for field in schema]
    assert all(field["description"] for field in table)
