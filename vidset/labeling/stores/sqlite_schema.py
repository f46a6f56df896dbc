"""Checks whether a SQLite file holds what the broker made in it, and nothing of a stranger's.

A file's schema can hold programs: views in the place of tables, triggers, computed columns. SQLite
runs them when a row is read or written.
"""

import json
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

_TABLE = re.compile(
    r"CREATE TABLE \w+ \(id TEXT PRIMARY KEY, document TEXT NOT NULL, version INTEGER NOT NULL\)"
)
_FIELD = r"(json_extract\(document, '\$\.\w+'\)|id)"
_INDEX = re.compile(rf"CREATE INDEX \w+ ON \w+ \({_FIELD}(, {_FIELD})*\)")
# An annotation of a thousand polygons takes some 5 MB.
_MOST_OF_A_DOCUMENT = 32 << 20


def check_store_file(path: str | Path) -> None:
    """Refuse a link, which may lead to any file of the machine, a pipe and a device.

    Raises:
        ValueError: it is one. That there is nothing is no fault.
    """
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # SQLite refuses a folder itself.
        got = "a link" if stat.S_ISLNK(mode) else "a pipe or device"
        raise ValueError(f"{path}: wanted a store's file, got {got}")


def check_store_schema(connection: Any, path: str | Path) -> None:
    """Refuse what the broker did not make: nothing is read or written before this.

    Raises:
        ValueError: there is a view, a trigger, or a table or index of another form.
    """
    for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_schema"):
        wanted = {"table": _TABLE, "index": _INDEX}.get(kind)
        made_by_sqlite = sql is None and kind == "index"
        if made_by_sqlite or (wanted and wanted.fullmatch(str(sql))):
            continue
        raise ValueError(
            f"{path} is no store of vidset: wanted its tables, got the {kind} {name!r}"
        )


def document_of(
    text: Any, where: str, object_hook: Callable[[dict[str, Any]], Any] | None = None
) -> dict[str, Any]:
    """Read a document from its column.

    Raises:
        ValueError: it is no JSON object, or is larger than any of the broker's.
    """
    if isinstance(text, str) and len(text) > _MOST_OF_A_DOCUMENT:
        raise ValueError(f"{where}: wanted a document of at most 32 MiB, got {len(text):,} bytes")
    try:
        found = json.loads(text, object_hook=object_hook)
    except (TypeError, ValueError, RecursionError):
        raise ValueError(f"{where}: wanted a document in JSON, got something else") from None
    if not isinstance(found, dict):
        raise ValueError(f"{where}: wanted an object, got {type(found).__name__}")
    return found
