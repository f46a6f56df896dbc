"""`vidset dataset` called in this process."""

from dataclasses import dataclass, field
from json import loads
from typing import Any

from typer.testing import CliRunner

from vidset.cli.main import app


@dataclass
class Called:
    """A command's exit code, what it printed, and of bad usage the message."""

    code: int
    out: str
    err: str
    refusal: str = ""
    found: dict[str, Any] = field(default_factory=dict)


def dataset(*arguments: object) -> Called:
    """`vidset dataset ...`, as vidset.cli.main.run does it."""
    result = CliRunner().invoke(app, ["dataset", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        if not isinstance(result.exception, ValueError):
            raise result.exception
        return Called(2, result.stdout, result.stderr, str(result.exception))
    found = loads(result.stdout) if "--json" in arguments and result.stdout else {}
    return Called(result.exit_code, result.stdout, result.stderr, found=found)
