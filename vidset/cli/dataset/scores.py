"""`vidset dataset scores`: which version is best, and how sure that is."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vidset.cli.command import described
from vidset.cli.flags import Json, Place, Quiet

if TYPE_CHECKING:
    from vidset.lineage.leaderboard import Board

_SHORT_ID = 12


@dataclass(frozen=True, slots=True)
class Scores:
    """The object that --json prints.

    Attributes:
        boards: one for each model and set of images, with `model`, `recipe_hash`, `split`,
            `evaluation_id`, `score_name`, `images`, and `versions`, the best one first.
    """

    place: str
    boards: list[dict[str, Any]]


@described(
    "vidset dataset scores",
    "vidset dataset scores --split test",
    part="dataset",
    result="vidset.cli.dataset.scores:Scores",
)
def scores(
    split: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Compare on this split.", show_default="all splits"),
    ] = None,
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
    from vidset.lineage.leaderboard import rank_versions

    versions = Versions.at(place, "scores")
    found = rank_versions(
        versions.repository, versions.project.folder("vidset dataset scores") / "runs", split
    )

    def shown() -> None:
        if not found:
            say(f"{versions.project.place}: no run has ended yet")
        for number, board in enumerate(found):
            _show(board, is_first=number == 0)

    answer(
        Scores(versions.project.place, [asdict(board) for board in found]),
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


def _next(boards: "list[Board]") -> str:
    """Compare the two best versions; train where there are no two."""
    if not boards or len(boards[0].versions) < 2:
        return "vidset train"
    best, second = boards[0].versions[:2]
    one, other = (each.names[0] if each.names else each.version[:12] for each in (second, best))
    return f"vidset compare {one} vs {other}"
