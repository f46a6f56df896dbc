"""Images that may become entries of a version: as the manifest, but not yet grouped and split."""

from collections.abc import Sequence

import pyarrow as pa

from vidset.datasets.versions.manifest import SCHEMA

# As the manifest's columns, except that each of them may be null.
CANDIDATES = pa.schema([pa.field(field.name, field.type) for field in SCHEMA])


def with_column(table: pa.Table, name: str, values: Sequence[str | None]) -> pa.Table:
    """The table with other values in one of its text columns."""
    place = table.schema.get_field_index(name)
    return table.set_column(place, CANDIDATES.field(name), pa.array(values, pa.string()))
