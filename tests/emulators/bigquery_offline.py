"""Runs bqemulator 1.4.0, in whose environment this is: python bigquery_offline.py PORT UPLOADS

UPLOADS is a folder for what comes in load jobs. Nothing is asked of the internet.
"""
# pyright: reportMissingImports=false

import sys
import threading
import time
from typing import Any

from bqemulator.api.routes import tables, upload
from bqemulator.config import LogLevel, Settings
from bqemulator.server import run_forever
from bqemulator.storage.engine import DuckDBEngine
from bqemulator.storage.sql_identifiers import quoted_table_ref
from sqlglot.dialects.dialect import Dialect
from sqlglot.dialects.duckdb import DuckDB

_ENGINES: list[DuckDBEngine] = []
# Of each table: its rows as they were when it was asked about, and when that was.
_SEEN: dict[str, tuple[object, int]] = {}
_as_created = tables._table_to_rest
_as_made = Dialect.generator
_KEPT = threading.local()


def _without_geography(self: DuckDBEngine) -> None:
    """Takes the place of the download of an extension, which the server insists on."""
    _ENGINES.append(self)


def _as_it_is(table: Any) -> dict[str, Any]:
    """A table with its number of rows and the time of its last change.

    The server leaves both as they were when the table was made, whatever is written into it.
    """
    told = _as_created(table)
    if table.table_type != "TABLE":
        return told
    name = quoted_table_ref(table.project_id, table.dataset_id, table.table_id)
    question = f"SELECT COUNT(*), BIT_XOR(HASH(t)), SUM(HASH(t)) FROM {name} AS t"  # noqa: S608
    found = _ENGINES[-1].connection.cursor().execute(question).fetchone()
    before, moment = _SEEN.get(name, (None, 0))
    if before != found:
        # The first time that a table is asked about, it is as new as it was made.
        moment = moment and time.time_ns() // 1_000_000
        moment = moment or int(told["lastModifiedTime"])
        _SEEN[name] = found, moment
    return told | {"numRows": str(found[0]), "lastModifiedTime": str(moment)}


def _kept_generator(self: Dialect, **settings: Any) -> Any:
    """One of each kind in a thread.

    The compiled one of DuckDB parses templates whenever it is made, for longer than a statement.
    """
    if type(self) is not DuckDB or self.settings:
        return _as_made(self, **settings)
    kept = vars(_KEPT).setdefault("generators", {})
    kind = repr(sorted(settings.items()))
    if kind not in kept:
        kept[kind] = _as_made(self, **settings)
    return kept[kind]


def main(port: int, uploads: str) -> None:
    DuckDBEngine._load_spatial = _without_geography
    tables._table_to_rest = _as_it_is
    Dialect.generator = _kept_generator
    # So Google's client names the type of what it uploads.
    upload._PERMITTED_MEDIA_CONTENT_TYPES += ("*/*",)
    run_forever(
        Settings(
            rest_port=port,
            grpc_port=0,  # Any: the Storage APIs are not in use.
            upload_staging_dir=uploads,
            enable_format_extensions=False,  # Avro's is another download.
            log_level=LogLevel.INFO,  # Says when it is ready.
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
