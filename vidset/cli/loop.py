"""`vidset loop`: from labels to a judged and published version, in one command."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vidset.cli.command import described
from vidset.cli.flags import DryRun, Json, Place, Quiet

if TYPE_CHECKING:
    from vidset.loop.loop_file import LoopFile
    from vidset.loop.running import Summary


@dataclass(frozen=True, slots=True)
class Looped:
    """The object that `vidset loop --json` prints.

    Attributes:
        version: the version that the loop is about; null in a dry run.
        refused: why it stopped before its end; null if it did not.
        steps: each with its command, its state (run, taken or refused) and its seconds; in a dry
            run what the file says, as `planned`.
        results: by step, the object that its command prints with --json.
    """

    place: str
    file: str
    version: str | None
    refused: str | None
    steps: Sequence[Mapping[str, Any]]
    results: Mapping[str, Mapping[str, Any]]


@described(
    "vidset loop loop.yaml",
    "vidset loop loop.yaml --dry-run",
    part="train",
    result="vidset.cli.loop:Looped",
    stage="Models",
    note="The file has the sections data, recipe, check, statistics, train, baseline, evaluate, "
    "errors and publish. Options stand in them as the commands have them, without dashes.",
)
def loop(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The loop: YAML with its steps.")],
    place: Place = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Cut, train, judge and publish a version, as a file says.

    What has changed since last time is run, and the rest is taken from before. The same command
    goes on with a loop that was interrupted.
    """
    from vidset.cli.console import answer, in_earnest, say, tell
    from vidset.cli.stopping import if_stopped
    from vidset.datasets.curation.recipe import Recipe
    from vidset.loop.loop_file import read_loop
    from vidset.loop.running import run_loop, steps_shown
    from vidset.project import find_project

    project = find_project(place)
    folder = project.folder("vidset loop")
    path = Path(file)
    found = read_loop(path, check_command)
    if found.recipe is not None:
        Recipe.read(found.folder / found.recipe)  # Before any work.
    if dry_run:
        planned = [
            {"step": name, "command": words, "state": "planned", "seconds": 0.0}
            for name, words in found.sections()
        ]
        answer(
            Looped(project.place, file, None, None, planned, {}),
            lambda: _show_plan(found),
            as_json=as_json,
            quiet=quiet,
            project=project,
            next_words=in_earnest(),
        )
        return
    if_stopped("The same command goes on.")

    def show(step: Any, state: str) -> None:
        if not (quiet or as_json):
            tell(f"{step.name}: {_STATES[state]}")

    summary = run_loop(found, path.stem, folder, show)
    answer(
        Looped(
            project.place,
            file,
            summary.version,
            summary.refused,
            [asdict(done) for done in summary.steps],
            summary.results,
        ),
        lambda: say(f"{_called(summary)}: {steps_shown(summary.steps)}{_verdict(summary)}"),
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words=_next(found, summary),
    )
    if summary.refused:
        tell(summary.refused)
        raise typer.Exit(1)


_STATES = {
    "running": "running ...",
    "run": "done",
    "taken": "as before",
    "refused": "refused",
}


def check_command(words: Sequence[str], options: Mapping[str, Any]) -> None:
    """Refuse options that a command does not have, and values that it does not take.

    Raises:
        ValueError: there is one; it says what is wrong as the command itself would.
    """
    from typer.core import TyperGroup

    from vidset.cli.command import tree_of
    from vidset.cli.main import app
    from vidset.cli.running import USAGE_ERROR

    for name in ("place", "json", "quiet", "dry-run"):
        if name in options:
            raise ValueError(f"wanted no {name}: the loop sets it")
    command: Any = tree_of(app)
    rest = list(words)
    context = typer.Context(command, info_name="vidset")
    while isinstance(command, TyperGroup):
        command = command.get_command(context, rest.pop(0))
    try:
        command.make_context(words[0], rest, parent=context)
    except USAGE_ERROR as error:
        raise ValueError(error.format_message()) from None


def _called(summary: "Summary") -> str:
    return "no version" if summary.version is None else f"version {summary.version[:12]}"


def _verdict(summary: "Summary") -> str:
    compared = summary.results.get("compare")
    return f"; {compared['verdict']}" if compared else ""


def _show_plan(found: "LoopFile") -> None:
    from vidset.cli.console import say

    for name, words in found.sections():
        say(f"{name}: {words}" if words else name)
    say("Nothing was run.")


def _next(found: "LoopFile", summary: "Summary") -> str | None:
    if found.errors is not None and "errors" in summary.results:
        return "vidset review"
    if found.train is not None:
        return "vidset errors"
    return "vidset train"
