"""Tells which format files that hold images and labels are of, by their names."""

from itertools import chain, islice
from pathlib import Path

from vidset.formats import parquet_reading, tfrecord_reading, webdataset_reading
from vidset.parquet import parquet_schema

_NAMES = {
    "tfrecord": tfrecord_reading.NAMES,
    "webdataset": webdataset_reading.NAMES,
    "parquet": parquet_reading.NAMES,
}
_MOST_LOOKED_AT = 10_000


def format_of_samples(path: Path) -> str | None:
    """Return the format of a file, or of the files up to two folders below one; None: of none.

    Parquet is one of these only where a column holds images.
    """
    below = chain.from_iterable(path.glob(each) for each in ("*", "*/*", "*/data/*"))
    files = islice(below, _MOST_LOOKED_AT) if path.is_dir() else [path]
    named = [(file, name) for file in files if (name := _told_by_name(file.name))]
    for file, name in sorted(named):
        if file.is_file():
            is_other = name == "parquet" and "image" not in parquet_schema(file)[0].names
            return None if is_other else name
    return None


def _told_by_name(file: str) -> str | None:
    return next((name for name, names in _NAMES.items() if names.search(file)), None)
