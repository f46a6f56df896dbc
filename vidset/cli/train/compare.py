"""`vidset compare`: whether one version is better than another, by more than the noise."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vidset.cli.command import described
from vidset.cli.completing import complete_runs
from vidset.cli.console import answer
from vidset.cli.flags import Json, Place, Quiet

if TYPE_CHECKING:
    from vidset.training.scoring.run import Run

VERSUS = "vs"


@dataclass(frozen=True, slots=True)
class Compared:
    """The object that `vidset compare --json` prints.

    Attributes:
        measure: accuracy, or ap50 for boxes.
        baseline, candidate: each side's version, runs, seeds, and scores by run.
        best_epoch, last_five: the difference with its interval and tests; `last_five` is None where
            the images are another version's.
        is_larger_than_noise: None: too few seeds to tell.
        verdict: the same in a sentence.
    """

    place: str
    split: str
    evaluation_id: str
    recipe_hash: str
    measure: str
    images: int
    baseline: dict[str, Any]
    candidate: dict[str, Any]
    best_epoch: dict[str, Any]
    last_five: dict[str, Any] | None
    is_larger_than_noise: bool | None
    verdict: str


@described(
    "vidset compare v0 vs v1",
    "vidset compare v0-1 v0-2 v0-3 vs v1-1 v1-2 v1-3",
    part="scores",
    result="vidset.cli.train.compare:Compared",
    stage="Models",
)
def compare(
    sides: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN... vs RUN...",
            help="The baseline, the word vs, the candidate. A version stands for all its runs.",
            autocompletion=complete_runs,
        ),
    ],
    place: Place = None,
    split: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Compare on this split.", show_default="the runs' first"),
    ] = None,
    allow_few: Annotated[
        bool,
        typer.Option("--allow-few", help="Accept fewer than 3 seeds a side, without a conclusion."),
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Tell whether a version is better, by more than the noise.

    Both sides are runs of the same model on the same images, of three seeds each or more.
    """
    from vidset.cli.train.scores_display import show_comparison
    from vidset.datasets.errors import DatasetError
    from vidset.datasets.versions.repository import Repository
    from vidset.project import find_project
    from vidset.training.scoring.runs import Runs
    from vidset.training.scoring.sides import read_sides
    from vidset.training.scoring.verdict import compare as compare_runs

    if sides.count(VERSUS) != 1 or VERSUS in (sides[0], sides[-1]):
        raise DatasetError(f"wanted RUN... {VERSUS} RUN..., got {' '.join(sides)}")
    project = find_project(place)
    folder = project.folder("vidset compare")
    runs, repository = Runs(folder / "runs"), Repository(folder / "datasets")
    at = sides.index(VERSUS)
    baseline, candidate = (runs.side(words, repository) for words in (sides[:at], sides[at + 1 :]))
    found = compare_runs(read_sides(baseline, candidate, split, allow_few=allow_few))
    answer(
        {"place": project.place, **found},
        lambda: show_comparison(found),
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words=_next(found, candidate),
    )


def _next(found: dict[str, Any], candidate: Sequence["Run"]) -> str:
    """Go around once more from what is better; else look at what the version has changed."""
    better = found["is_larger_than_noise"] and found["best_epoch"]["difference"] > 0
    baseline, version = (found[side]["version"] for side in ("baseline", "candidate"))
    if better or baseline == version:
        return f"vidset errors {shlex.quote(_called(candidate[0].folder))}"
    return f"vidset dataset diff {baseline[:12]} {version[:12]}"


def _called(run: Path) -> str:
    """A run below runs/ has a name; others are named by their folder."""
    return run.name if run.parent.name == "runs" else str(run)
