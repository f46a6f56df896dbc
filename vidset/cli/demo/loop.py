"""`vidset demo --numerals`: what it shows, and what it prints with --json."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from vidset.cli.console import answer
from vidset.cli.demo.command import Demonstrated
from vidset.demo.loop import go_around
from vidset.naming import visible
from vidset.next_step import next_words


def run_loop(output: str, *, as_json: bool = False, quiet: bool = False) -> int:
    """Show the loop; the exit code.

    Raises:
        ValueError: `output` cannot be a folder.
    """
    done = go_around(output, _Display(is_quiet=quiet or as_json))
    place = done.project.place
    answer(
        Demonstrated(place, commands=done.commands, comparison=done.comparison),
        lambda: None,
        as_json=as_json,
        quiet=quiet,
        project=done.project,
        next_words=next_words(done.project),
    )
    return 0


class _Display:
    def __init__(self, *, is_quiet: bool):
        self._console = Console(highlight=False, soft_wrap=True, quiet=is_quiet)

    def tell(self, text: str) -> None:
        self._console.print(escape(visible(text)))

    def begins(self, what: str, command: str) -> None:
        self._console.print(f"\n[bold]{escape(what)}[/]\n[dim]$ {escape(visible(command))}[/]")

    def ended(self, lines: Sequence[str]) -> None:
        for line in lines:
            self._console.print(f"  {escape(visible(line))}")
