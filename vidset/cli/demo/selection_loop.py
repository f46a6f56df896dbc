"""`vidset demo --loop`: what it shows, and what it prints with --json."""

from collections.abc import Mapping
from dataclasses import asdict

from vidset.cli.console import answer, plural, say, table
from vidset.cli.demo.command import Demonstrated
from vidset.cli.demo.steps_display import StepsDisplay
from vidset.demo.selection_loop import WentAround, go_around


def run_selection_loop(output: str, *, as_json: bool = False, quiet: bool = False) -> int:
    """Show the loop; the exit code.

    Raises:
        ValueError: `output` cannot be a folder, or something is in it.
        RuntimeError: a command failed.
    """
    done = go_around(output, StepsDisplay(is_quiet=quiet or as_json))
    answer(
        Demonstrated(
            done.project.place,
            commands=done.commands,
            rounds=[asdict(each) for each in done.rounds],
            pre_labels=done.pre_labels,
        ),
        lambda: _show(done),
        as_json=as_json,
        quiet=quiet,
        project=done.project,
        next_words="vidset dataset create -n v1",
    )
    return 0


def _show(done: WentAround) -> None:
    say("")
    rows = [
        ["selection", *(each.selection for each in done.rounds)],
        ["chosen by", *(_by(each.strategies) for each in done.rounds)],
        ["labeled images", *(str(each.labeled) for each in done.rounds)],
        ["objects in them", *(str(each.objects) for each in done.rounds)],
        ["passed over", *(str(each.covered) for each in done.rounds)],
    ]
    say(table(("", "first", "next"), rows))
    covered = done.rounds[-1].covered
    say(
        f"{plural(covered, 'image')} of {done.images} nearly repeat another that is labeled: "
        f"{covered * done.price:,.2f} that nobody pays, at {done.price:g} an image"
    )
    made = done.pre_labels
    offered = sum(made.values()) - made["added"]
    say(
        f"{plural(offered, 'object')} were offered by the model: {made['taken']} taken as they "
        f"were, {made['moved']} moved, {made['renamed']} renamed, {made['rejected']} rejected; "
        f"{made['added']} added"
    )


def _by(strategies: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in strategies.items())
