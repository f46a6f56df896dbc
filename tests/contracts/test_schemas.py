"""infra/schemas is what Terraform makes the tables from; rows and Parquet derive from it."""

import json
from dataclasses import fields

import pyarrow as pa
import pytest

from infra.rows import with_fields
from tests.paths import ROOT
from vidset.elements import FrameRow, VideoRow
from vidset.ledger.ledger import FRAMES, VIDEOS
from vidset.tables.arrow import arrow_schema
from vidset.tables.schemas import read_columns

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


def test_the_rows_fields_are_those_that_the_schemas_give():
    text = (ROOT / "vidset" / "elements.py").read_text()
    assert with_fields(text, SCHEMAS) == text


def test_a_column_that_is_added_to_a_schema_is_a_field_of_the_row_and_a_column_of_parquet(tmp_path):
    columns = json.loads((SCHEMAS / "videos.json").read_text())
    columns.append({"name": "weather", "type": "STRING", "mode": "NULLABLE", "description": "Sun."})
    (tmp_path / "videos.json").write_text(json.dumps(columns))
    (tmp_path / "frames.json").write_text((SCHEMAS / "frames.json").read_text())
    text = with_fields((ROOT / "vidset" / "elements.py").read_text(), tmp_path)
    assert "    weather: str | None = None\n    # End of the columns." in text
    assert arrow_schema(read_columns(json.dumps(columns))).names == [*VIDEOS.names, "weather"]
