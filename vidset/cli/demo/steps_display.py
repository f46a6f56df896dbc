"""The display of a demo that goes around a loop."""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from vidset.naming import visible


class StepsDisplay:
    """Shows each command and the lines that it printed, on stdout."""

    def __init__(self, *, is_quiet: bool):
        # The stdout of now: a demo that serves HTTP takes away what others print.
        self._console = Console(file=sys.stdout, highlight=False, soft_wrap=True, quiet=is_quiet)

    def tell(self, text: str) -> None:
        self._console.print(escape(visible(text)))

    def begins(self, what: str, command: str) -> None:
        self._console.print(f"\n[bold]{escape(what)}[/]\n[dim]$ {escape(visible(command))}[/]")

    def ended(self, lines: Sequence[str]) -> None:
        for line in lines:
            self._console.print(f"  {escape(visible(line))}")
