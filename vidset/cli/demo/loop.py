"""`vidset demo --numerals`: what it shows, and what it prints with --json."""

from vidset.cli.console import answer
from vidset.cli.demo.command import Demonstrated
from vidset.cli.demo.steps_display import StepsDisplay
from vidset.demo.loop import go_around
from vidset.next_step import next_words


def run_loop(output: str, *, as_json: bool = False, quiet: bool = False) -> int:
    """Show the loop; the exit code.

    Raises:
        ValueError: `output` cannot be a folder.
    """
    done = go_around(output, StepsDisplay(is_quiet=quiet or as_json))
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
