"""`vidset` called in this process, as the console script does it."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from json import loads
from typing import Any

from jsonschema.validators import validator_for
from typer.core import TyperGroup

from tests.programs.workers import ready_workers
from vidset.cli.command import tree_of
from vidset.cli.main import app, run
from vidset.cli.schemas import ERROR, schema_of

CLI = tree_of(app)
_IS_ERROR = validator_for(ERROR)(ERROR)


@dataclass(frozen=True)
class Called:
    """An exit code and what was printed; `refusal` is the message of bad usage or configuration."""

    code: int
    out: str
    err: str

    @property
    def refusal(self) -> str:
        """What was said after `vidset: `, without the hint in the line below."""
        return self.err.partition("vidset: ")[2].rstrip("\n") if self.code == 2 else ""

    @property
    def found(self) -> Any:
        """What --json printed."""
        return loads(self.out)

    @property
    def next(self) -> str | None:
        """The command that was named as the next one."""
        lines = [line for line in self.err.splitlines() if line.startswith("Next: ")]
        return lines[-1].removeprefix("Next: ") if lines else None


def vidset(*arguments: object) -> Called:
    """Call a command. What it prints with --json must keep the schema in docs/json.md."""
    words = list(map(str, arguments))
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), _arguments(words), ready_workers():
        try:
            run(words)
        except SystemExit as ended:
            code = ended.code
    assert isinstance(code, int)
    called = Called(code, out.getvalue(), err.getvalue())
    if "--json" in words and "--help" not in words:
        check_json(words, called)
    return called


def check_json(words: list[str], called: Called) -> None:
    """One object on stdout, of the command's own schema, or of that of errors."""
    found = called.found
    if "error" in found and set(found) == {"error"}:
        _IS_ERROR.validate(found)
        assert called.code != 0
        return
    validator = _validator(command_of(words))
    if validator is not None:
        validator.validate(found)


@cache
def _validator(command: Any) -> Any | None:
    """What checks a command's object, made once: that takes longer than many a command."""
    schema = schema_of(command)
    return schema and validator_for(schema)(schema)


def command_of(words: list[str]) -> Any:
    command = CLI
    for word in words:
        if isinstance(command, TyperGroup) and word in command.commands:
            command = command.commands[word]
    return command


@contextmanager
def _arguments(words: list[str]) -> Iterator[None]:
    before, sys.argv = sys.argv, ["vidset", *words]
    try:
        yield
    finally:
        sys.argv = before
