"""Writes docs/commands.md and docs/json.md from the command line itself: python docs/commands.py"""

import inspect
import json
import re
from pathlib import Path
from typing import Any

import typer

from vidset.cli.command import description_of, summary_of, tree_of
from vidset.cli.main import app
from vidset.cli.results import commands_below
from vidset.cli.schemas import ERROR, schema_of
from vidset.formats.registry import SAYABLE, formats

HERE = Path(__file__).resolve().parent
_MADE = "<!-- Made by `python docs/commands.py` from the command line itself: do not edit. -->"
_HELP = "--help"


def commands_page() -> str:
    """Return the reference of all commands: a table, then the options of each."""
    tree = tree_of(app)
    context = typer.Context(tree, info_name="vidset")  # type: ignore[arg-type]
    found = list(commands_below(tree))
    lines = [
        _MADE,
        "",
        "# Commands",
        "",
        "`vidset help COMMAND` shows the same in a terminal; `-h` with every command does, too.",
        "The place is that of `-p`, of `VIDSET_PLACE` or of the nearest `vidset.toml` upwards.",
        "",
        "| command | what it does |",
        "|---|---|",
        *(f"| [`vidset {name}`](#{_anchor(name)}) | {summary_of(each)} |" for name, each in found),
    ]
    for name, command in found:
        lines += ["", *_section(name, command, context)]
    return "\n".join(lines) + "\n"


def json_page() -> str:
    """Return the JSON schema of what each command prints with --json."""
    lines = [
        _MADE,
        "",
        "# What --json prints",
        "",
        "One object on stdout, always. A failure is an object as well, with the exit code of the",
        "failure; the same words stand on stderr. `code` is one of `usage`, `configuration`,",
        "`unknown_version`, `missing_part`, `faults`, `failed`, `interrupted`, `terminated`.",
        "",
        *_schema(ERROR),
    ]
    for name, command in commands_below(tree_of(app)):
        if (schema := schema_of(command)) is not None:
            lines += ["", f"## vidset {name}", "", *_schema(schema)]
    return "\n".join(lines) + "\n"


def _section(name: str, command: Any, context: Any) -> list[str]:
    own = typer.Context(command, info_name=name, parent=context)
    usage = " ".join(["vidset", name, *command.collect_usage_pieces(own)])
    text = inspect.cleandoc(command.help or "").partition("\f")[0]
    lines = [f"## vidset {name}", "", f"`{usage}`", "", text]
    if part := description_of(command).part:
        lines += ["", f'It needs `pip install "vidset[{part}]"`.']
    rows = []
    for parameter in command.get_params(own):
        record = parameter.get_help_record(own)
        if record is not None and _HELP not in parameter.opts:
            left, right = record
            rows.append(f"| `{_escaped(_left(left))}` | {_escaped(_right(right))} |")
    if rows:
        lines += ["", "| | |", "|---|---|", *rows]
    if examples := description_of(command).examples:
        lines += ["", "```sh", *examples, "```"]
    return lines


def _left(text: str) -> str:
    return re.sub(r" <[^<>|]*>$", "", text)


def _right(text: str) -> str:
    return re.sub(r"\[default: \((.*?)\)", r"[default: \1", " ".join(text.split()))


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def _schema(schema: dict[str, Any]) -> list[str]:
    return ["```json", json.dumps(schema, indent=2, ensure_ascii=False), "```"]


def _anchor(name: str) -> str:
    return f"vidset-{name}".replace(" ", "-")


def formats_page() -> str:
    """Return what each format can say, from the one registry."""
    lines = [
        "# Formats",
        "",
        "`vidset label import -f FORMAT` reads label files, and `vidset export -f FORMAT` writes",
        "them. What a format cannot say is an error with the first object that has it; `--lossy`",
        "leaves it out and counts it. An `r` is read, a `w` is written.",
        "",
        f"| format | {' | '.join(SAYABLE)} | labels | images |",
        f"|---|{'---|' * (len(SAYABLE) + 2)}",
    ]
    for each in formats().values():
        marks = ["r" * (word in each.reads) + "w" * (word in each.writes) for word in SAYABLE]
        where = "as files" if each.images else "in the same files"
        lines.append(f"| `{each.name}` | {' | '.join(marks)} | a {each.labels} | {where} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    pages = {"commands.md": commands_page(), "json.md": json_page(), "formats.md": formats_page()}
    for page, text in pages.items():
        (HERE / page).write_text(text)
        print(f"docs/{page} written")
