"""Reads labels from what may be a zip file."""

from collections.abc import Iterator
from pathlib import Path

from vidset.formats.format import ImageLabels, Reader
from vidset.formats.reading import Reading
from vidset.formats.unzipped import is_zip, unzipped


def read_unzipped(code: Reader, path: Path, reading: Reading) -> Iterator[ImageLabels]:
    """Read a file or folder, or what is in a zip file, which messages name then."""
    if not is_zip(path):
        yield from code.read(path, reading)
        return
    folder = unzipped(path)
    try:
        yield from code.read(folder, reading)
    except ValueError as error:
        raise ValueError(str(error).replace(str(folder), str(path))) from None
    finally:
        reading.faults[:] = [each.replace(str(folder), str(path)) for each in reading.faults]
