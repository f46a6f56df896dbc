"""All that was stated of the videos of a place, as rows of the table `statements`."""

from collections.abc import Iterator
from typing import Any

from vidset.ledger.rows import LedgerRows
from vidset.ledger.statements import FOLDER, read_statements
from vidset.storage.open import open_store


def statement_rows(place: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a folder, gs:// or s3:// place; of videos that are gone there are none.

    Raises:
        ValueError: a file has no statements, or a ledger cannot be read.
    """
    store = open_store(place)
    try:
        names = [each.name for each in open_store(f"{place}/{FOLDER}").list()]
    except FileNotFoundError:
        return
    keys = {name.removesuffix(".json") for name in names if name.endswith(".json")}
    if not keys:
        return
    ledger = LedgerRows(place)
    for rows in ledger.videos(["video_uri", "generation"], keys & ledger.stamps.keys()):
        for key, row in zip(rows.keys, rows.table.to_pylist(), strict=True):
            for statement in read_statements(store, key):
                yield statement.to_row(row["video_uri"], row["generation"])
