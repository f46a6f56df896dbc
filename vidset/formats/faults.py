"""A table of what is wrong with label files, for those who mend them."""

import csv
import io
from collections.abc import Iterable

from vidset.storage.writing import write_atomically

_COLUMNS = ("where", "what")


def write_faults(path: str, source: str, faults: Iterable[str]) -> None:
    """Write a CSV with a row for each fault: its file and place, and what is wrong there.

    Args:
        source: stands where a fault names no place.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(_COLUMNS)
    for fault in faults:
        where, separator, what = fault.partition(": ")
        is_place = separator and not where.startswith("image ")
        rows.writerow((where, what) if is_place else (source, fault))
    write_atomically(path, text.getvalue())
