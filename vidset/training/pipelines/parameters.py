"""The parameters of the pipeline: what a user types becomes values of their types."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from vidset.regular_files import read_regular_text
from vidset.suggestions import did_you_mean

_MOST_BYTES = 1 << 20
_YES_OR_NO = {"true": True, "yes": True, "false": False, "no": False}


def _seeds(text: str) -> list[int]:
    """Read 1-3 or 1,2,5."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    if not found:
        raise ValueError("no seed")
    return found


def _is(text: str) -> bool:
    return _YES_OR_NO[text.lower()]


_TYPES: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "place": (str, "a text"),
    "baseline": (str, "a text"),
    "recipe": (str, "a text"),
    "source": (str, "a text"),
    "group_by": (str, "a text"),
    "model": (str, "a text"),
    "epochs": (int, "a whole number"),
    "seeds": (_seeds, "seeds such as 1-3"),
    "floor": (float, "a number"),
    "slack": (float, "a number"),
    "fatal": (_is, "true or false"),
    "name": (str, "a text"),
    "select_by": (str, "a text"),
    "subset": (int, "a whole number"),
}

PARAMETERS = tuple(_TYPES)
"""The names of the parameters that the pipeline has."""


def parameters_of(given: Iterable[str]) -> dict[str, Any]:
    """Read NAME=VALUE, where a value @FILE is a file's text.

    Raises:
        ValueError: there is no such parameter or file, or the value is of another type.
    """
    found: dict[str, Any] = {}
    for text in given:
        name, separator, value = text.partition("=")
        if not separator or name not in _TYPES:
            raise ValueError(
                f"--set: wanted NAME=VALUE with a parameter of {', '.join(_TYPES)}, got {text!r}."
                f"{did_you_mean(name, _TYPES)}"
            )
        if value.startswith("@"):
            try:
                value = read_regular_text(Path(value[1:]), _MOST_BYTES)
            except OSError as error:
                raise ValueError(f"--set {name}: {value[1:]}: {error.strerror}") from None
        read, what = _TYPES[name]
        try:
            found[name] = read(value)
        except (KeyError, ValueError):
            raise ValueError(f"--set {name}: wanted {what}, got {value[:80]!r}") from None
    return found
