"""Reads labels from what may be a zip file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from vidset.formats.reading import Reading
from vidset.formats.unzipped import is_zip, unzipped

_T = TypeVar("_T")


def read_unzipped(
    read: Callable[[Path, Reading], Iterator[_T]], path: Path, reading: Reading
) -> Iterator[_T]:
    """Read a file or folder, or what is in a zip file, which messages name then."""
    if not is_zip(path):
        yield from read(path, reading)
        return
    folder = unzipped(path)
    try:
        yield from read(folder, reading)
    except ValueError as error:
        raise ValueError(str(error).replace(str(folder), str(path))) from None
    finally:
        reading.faults[:] = [each.replace(str(folder), str(path)) for each in reading.faults]
