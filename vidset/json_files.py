"""JSON with the file and the place in it in every error."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vidset.regular_files import read_regular, text_of

_MOST_OF_OURS = 64 << 20


def read_json(
    path: str | Path,
    what: str,
    error: type[ValueError] = ValueError,
    *,
    parse_float: Callable[[str], Any] | None = None,
) -> Any:
    """Read a JSON file.

    Args:
        what: what the file should hold, for messages.
        error: the kind of ValueError to raise.
        parse_float: makes the numbers with a fraction; None makes floats.

    Raises:
        ValueError: it cannot be read, or is no JSON; it says in which line.
    """
    try:
        data = read_regular(path)
    except OSError as failure:
        raise error(f"{path}: wanted {what} in JSON: {failure.strerror}") from None
    return parse_json(data, str(path), what, error, parse_float=parse_float)


def read_object(
    path: str | Path, what: str, error: type[ValueError] = ValueError
) -> dict[str, Any]:
    """Read a JSON file of ours, which holds an object and is not large.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it cannot be read, holds something else, or has more than 64 MiB.
    """
    try:
        data = read_regular(path, _MOST_OF_OURS)
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as failure:
        raise error(f"{path}: wanted {what} in JSON: {failure.strerror}") from None
    found = parse_json(data, str(path), what, error)
    if not isinstance(found, dict):
        raise error(f"{path}: wanted {what}, got {type(found).__name__}")
    return found


def parse_json(
    data: bytes | str,
    source: str,
    what: str,
    error: type[ValueError] = ValueError,
    *,
    parse_float: Callable[[str], Any] | None = None,
) -> Any:
    """Read JSON from memory, as `read_json` does from a file; errors name `source`."""
    text = text_of(data, source, f"{what} in JSON", error) if isinstance(data, bytes) else data
    try:
        return json.loads(text, parse_float=parse_float)
    except RecursionError:
        raise error(f"{source}: wanted {what} in JSON, got one nested too deep") from None
    except ValueError as failure:
        raise error(f"{source}: wanted {what} in JSON: {failure}") from None
