"""With --json every command prints one object, always. Its types are kept by command.

A result is a dataclass or a mapping. The same thing has the same field name everywhere: `place`,
`output`, `size_bytes`, `passed_over`, `warnings`, `next`.
"""

import importlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Generic, Self, TypeVar, get_args

from typer.core import TyperGroup

from vidset.cli.command import description_of

Row = TypeVar("Row")
_OBEYED = re.compile(r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Rows(Generic[Row]):
    """The items of a list that may be too long for memory: they are read as they are printed."""

    def __init__(self, items: Iterable[Row]):
        self.items = items

    def __deepcopy__(self, _: object) -> Self:
        return self  # `asdict` copies what it finds.

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Callable[[Any], Any]) -> Any:
        return handler(list[get_args(source)])  # The documented schema is that of a list.


def as_object(result: Any, next_command: str | None) -> dict[str, Any]:
    """Return what is printed of a result, with the next command."""
    if isinstance(result, Mapping):
        return {**result, "next": next_command}
    return {**asdict(result), "next": next_command}


def print_json(found: Mapping[str, Any]) -> None:
    """Print an object on stdout, on one line."""
    separator = "{"
    for key, value in found.items():
        print(f"{separator}{json.dumps(key)}: ", end="")
        separator = ", "
        if isinstance(value, Rows):
            _print_rows(value)
        else:
            print(_json(value), end="")
    print("}" if found else "{}", flush=True)


def _print_rows(rows: Rows[Any]) -> None:
    separator = "["
    for row in rows.items:
        print(f"{separator}{_json(asdict(row))}", end="")
        separator = ", "
    print("]" if separator == ", " else "[]", end="")


def _json(value: Any) -> str:
    return _safe_json(json.dumps(value, ensure_ascii=False, default=str))


def _safe_json(text: str) -> str:
    """Escape what JSON leaves as it is and a terminal obeys; the text means the same."""
    return _OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def print_error(code: str, message: str, hint: str = "") -> None:
    """Print a failure as the one object on stdout."""
    print_json({"error": {"code": code, "message": message, "hint": hint or None}})


def commands_below(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Go through the commands that do something, by all their words: `dataset create`."""
    if isinstance(command, TyperGroup):
        for name, each in command.commands.items():
            yield from commands_below(each, (*words, name))
    else:
        yield " ".join(words), command


def result_type(command: Any) -> type | None:
    """Import the type of what a command prints with --json; None if it has named none."""
    named = description_of(command).result
    if named is None:
        return None
    module, _, name = named.partition(":")
    return getattr(importlib.import_module(module), name)
