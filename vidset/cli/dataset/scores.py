"""`vidset dataset scores`: which version is best, and how sure that is."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vidset.cli.command import described
from vidset.cli.flags import Json, Place, Quiet

if TYPE_CHECKING:
    from vidset.lineage.best_runs import Best
    from vidset.lineage.leaderboard import Board

_SHORT_ID = 12


@dataclass(frozen=True, slots=True)
class Scores:
    """The object that --json prints.

    Attributes:
        boards: one for each model and set of images, with `model`, `recipe_hash`, `split`,
            `evaluation_id`, `score_name`, `images`, and `versions`, the best one first. With --best
            each has `best`, too: the best run by each score, with its `value`, `run`, `version`,
            `names`, `seed`, `epoch` and folder (`output`).
    """

    place: str
    boards: list[dict[str, Any]]


@described(
    "vidset dataset scores",
    "vidset dataset scores --split test",
    "vidset dataset scores --best --json > summary.json",
    part="dataset",
    result="vidset.cli.dataset.scores:Scores",
)
def scores(
    split: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Compare on this split.", show_default="all splits"),
    ] = None,
    best: Annotated[
        bool, typer.Option("--best", help="Name the best run by each score as well.")
    ] = False,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Rank the versions by the scores of the models trained on them.

    Only scores of the same model on the same images stand in one table. The 95 % interval counts
    the chance of images and, with several seeds, of seeds; vidset compare tests a difference.
    """
    from dataclasses import asdict

    from vidset.cli.console import answer, say
    from vidset.cli.dataset.versions import Versions
    from vidset.lineage.best_runs import best_runs
    from vidset.lineage.leaderboard import rank_versions

    versions = Versions.at(place, "scores")
    runs = versions.project.folder("vidset dataset scores") / "runs"
    found = rank_versions(versions.repository, runs, split)
    of_boards = [best_runs(board, runs) for board in found] if best else [[] for _ in found]

    def shown() -> None:
        if not found:
            say(f"{versions.project.place}: no run has ended yet")
        for number, board in enumerate(found):
            _show(board, is_first=number == 0)
            _show_best(of_boards[number])

    told = [asdict(board) for board in found]
    if best:
        told = [
            {**board, "best": [asdict(one) for one in several]}
            for board, several in zip(told, of_boards, strict=True)
        ]
    answer(
        Scores(versions.project.place, told),
        shown,
        as_json=as_json,
        quiet=quiet,
        project=versions.project,
        next_words=_next(found),
    )


def _show(board: "Board", *, is_first: bool) -> None:
    from vidset.cli.console import plural, say, table

    if not is_first:
        say("")
    say(f"{board.model} on {board.split} ({plural(board.images, 'image')})")
    rows = [
        [
            ", ".join(each.names) or each.version[:_SHORT_ID],
            each.train_images,
            len(each.runs),
            None if each.score is None else f"{each.score:.4f}",
            None if each.interval is None else f"{each.interval[0]:.4f} to {each.interval[1]:.4f}",
        ]
        for each in board.versions
    ]
    say(table(["version", "trained on", "seeds", board.score_name, "95 % interval"], rows))


def _show_best(several: "list[Best]") -> None:
    from vidset.cli.console import say, table

    if several:
        rows = [
            [one.score_name, f"{one.value:.4f}", one.run, _called(one), one.epoch]
            for one in several
        ]
        say("")
        say(table(["best by", "", "run", "trained on", "epoch"], rows))


def _called(one: "Best") -> str:
    return ", ".join(one.names) or one.version[:_SHORT_ID]


def _next(boards: "list[Board]") -> str:
    """Compare the two best versions; train where there are no two."""
    if not boards or len(boards[0].versions) < 2:
        return "vidset train"
    best, second = boards[0].versions[:2]
    one, other = (each.names[0] if each.names else each.version[:12] for each in (second, best))
    return f"vidset compare {one} vs {other}"
