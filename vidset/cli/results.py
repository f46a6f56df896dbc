"""What --json prints: one object, always. Its types are kept by command.

A result is a dataclass or a mapping. The same thing has the same field name everywhere: `place`,
`output`, `size_bytes`, `passed_over`, `warnings`, `next`.
"""

import importlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from typer.core import TyperGroup

from vidset.cli.command import description_of

_OBEYED = re.compile(r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def as_object(result: Any, next_command: str | None) -> dict[str, Any]:
    """Return what is printed of a result, with the next command."""
    if isinstance(result, Mapping):
        return {**result, "next": next_command}
    return {**asdict(result), "next": next_command}


def print_json(found: Mapping[str, Any]) -> None:
    """Print an object on stdout, on one line."""
    print(_safe_json(json.dumps(found, ensure_ascii=False, default=str)), flush=True)


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
