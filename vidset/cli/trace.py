"""`vidset trace`: where a thing comes from, and what came of it."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from vidset.cli.command import described
from vidset.cli.flags import Json, Place, Quiet


@dataclass(frozen=True, slots=True)
class TracedThing:
    """The object that --json prints. Each node has its `kind`, `name`, `facts` and `nodes`.

    Attributes:
        kind: what the thing is: image, object, task, version, run, score, prediction or video.
        comes_from: the thing, with what it was made from below it.
        went_to: what was made of it: versions, runs, predictions, scores and exports.
    """

    place: str
    kind: str
    comes_from: dict[str, Any]
    went_to: list[dict[str, Any]]


@described(
    "vidset trace v0-1",
    "vidset trace object:cam1/a/5f2c/0000001000.jpg#3 --json",
    part="dataset",
    result="vidset.cli.trace:TracedThing",
    stage="Datasets",
    note=(
        "Other things have their kind before them: image:NAME, object:IMAGE#ID, task:ID, "
        "version:NAME, run:NAME, score:RUN/SPLIT, prediction:RUN/IMAGE, video:URI."
    ),
)
def trace(
    thing: Annotated[
        str,
        typer.Argument(
            metavar="THING", help="A version, a run, an image (id, hash, uri or name) or a video."
        ),
    ],
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show where something comes from and what came of it."""
    from dataclasses import asdict

    from vidset.cli.console import answer, say, working
    from vidset.project import find_project

    project = find_project(place)
    with working("Tracing", show=not (as_json or quiet)):
        from vidset.lineage.node import tree_lines
        from vidset.lineage.records import Records
        from vidset.lineage.tracing import trace as trace_thing

        found = trace_thing(Records(project), thing)

    def shown() -> None:
        for line in tree_lines(found.comes_from):
            say(line)
        for number, each in enumerate(found.went_to):
            if number == 0:
                say("")
                say("went to")
            for line in tree_lines(each):
                say(f"  {line}")

    answer(
        TracedThing(
            place=project.place,
            kind=found.kind,
            comes_from=asdict(found.comes_from),
            went_to=[asdict(each) for each in found.went_to],
        ),
        shown,
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words="vidset dataset scores" if found.kind in ("run", "version", "score") else None,
    )
