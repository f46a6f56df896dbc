"""The steps of a demo that goes around a loop: commands that a user could type, told and run."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

_MOST_LINES = 14


class Teller(Protocol):
    """Is told what is done, while it is done."""

    def tell(self, text: str) -> None:
        """Take a line about what has been done."""

    def begins(self, what: str, command: str) -> None:
        """Take what is about to be done, and the command that does it."""

    def ended(self, lines: Sequence[str]) -> None:
        """Take the lines that the command printed, as far as they matter."""


class Steps:
    """Commands, told and run in the demo's folder, which is their place.

    Args:
        environment: the variables that the commands find; None: those of this process.
    """

    def __init__(self, folder: Path, teller: Teller, environment: Mapping[str, str] | None = None):
        self._folder, self._teller = folder, teller
        self._environment = os.environ if environment is None else environment
        self.commands: list[str] = []

    def run(self, what: str, *arguments: Any, may_refuse: bool = False, last_lines: int = 0) -> str:
        """Run a command. Returns what it printed.

        Args:
            last_lines: show so many of the last lines alone; 0: the first ones.

        Raises:
            RuntimeError: it failed.
        """
        words = list(map(str, arguments))
        self.commands.append(shlex.join(["vidset", *words]))
        self._teller.begins(what, self.commands[-1])
        ended = subprocess.run(
            [sys.executable, "-m", "vidset", *words],
            cwd=self._folder,
            env={**self._environment, "VIDSET_PLACE": ".", "COLUMNS": "100"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        lines = ended.stdout.rstrip().splitlines()
        shown = lines[-last_lines:] if last_lines else lines[:_MOST_LINES]
        if len(lines) > _MOST_LINES and not last_lines:
            shown.append(f"... {len(lines) - _MOST_LINES} lines more")
        self._teller.ended(shown)
        if ended.returncode and not (may_refuse and ended.returncode == 1):
            raise RuntimeError(f"{self.commands[-1]} failed:\n{ended.stdout}")
        return ended.stdout
