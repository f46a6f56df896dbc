"""`vidset` called in this process, as vidset.cli.main.run does it."""

from dataclasses import dataclass
from json import loads
from typing import Any

from typer.testing import CliRunner

from vidset.cli.main import app


@dataclass(frozen=True)
class Called:
    """An exit code and what was printed; `err` ends with the message of bad usage, `refusal`."""

    code: int
    out: str
    err: str
    refusal: str = ""

    @property
    def found(self) -> Any:
        """What --json printed."""
        return loads(self.out)


def vidset(*arguments: object) -> Called:
    result = CliRunner().invoke(app, list(map(str, arguments)))
    if result.exception and not isinstance(result.exception, SystemExit):
        if not isinstance(result.exception, ValueError):
            raise result.exception
        refusal = str(result.exception)
        return Called(2, result.stdout, result.stderr + refusal, refusal)
    return Called(result.exit_code, result.stdout, result.stderr)
