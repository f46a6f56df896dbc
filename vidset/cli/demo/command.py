"""`vidset demo`: its options, and what it prints with --json."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from vidset.cli.command import described
from vidset.cli.flags import Json, Quiet


@dataclass(frozen=True, slots=True)
class Demonstrated:
    """The object that `vidset demo --json` prints. A field that a kind of demo lacks is null.

    Attributes:
        contact_sheet, video, truth: paths of what the drive left.
        labeling: what became of its labels.
        videos, samples, kept, dropped, failed, partial, skipped, done, passed_over, seconds,
            cpu_seconds, skipped_with_other_settings: what extraction did, as extract --json says.
        commands: with --numerals and --loop, what was run.
        comparison: with --numerals, what the last of the commands said.
        rounds: with --loop, for each `selection` the images by the strategy that chose them
            (`strategies`), those with labels (`labeled`) and their `objects`, and the images that
            were passed over because they nearly repeat another (`covered`).
        pre_labels: with --loop, objects by what annotators made of the model's answers: `taken`
            as they were, `moved`, `renamed`, `rejected`, and `added` where it had none.
    """

    place: str
    contact_sheet: str | None = None
    video: str | None = None
    truth: str | None = None
    labeling: Mapping[str, Any] | None = None
    videos: int | None = None
    samples: int | None = None
    kept: int | None = None
    dropped: Mapping[str, int] | None = None
    failed: int | None = None
    partial: int | None = None
    skipped: int | None = None
    done: int | None = None
    passed_over: Mapping[str, int] | None = None
    seconds: float | None = None
    cpu_seconds: float | None = None
    skipped_with_other_settings: int | None = None
    commands: Sequence[str] | None = None
    comparison: str | None = None
    rounds: Sequence[Mapping[str, Any]] | None = None
    pre_labels: Mapping[str, int] | None = None


@described(
    "vidset demo",
    "vidset demo my-drive.mp4 -o out",
    "vidset demo --loop",
    part="extract",
    result="vidset.cli.demo.command:Demonstrated",
    stage="Begin",
)
def demo(
    video: Annotated[
        str | None,
        typer.Argument(metavar="VIDEO", help="A video of yours.", show_default="one that it draws"),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PLACE",
            show_default="out/demo",
            help="The folder to create and work in.",
        ),
    ] = None,
    numerals: Annotated[
        bool,
        typer.Option(
            "--numerals", help="Go around the data-centric loop on drawn numerals instead."
        ),
    ] = False,
    loop: Annotated[
        bool,
        typer.Option(
            "--loop",
            help="Choose images, label them, train, predict and choose the next ones instead.",
        ),
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw a drive with a known truth, extract it and label it.

    Pictures show what was kept and dropped, and the labels that came back.
    """
    if loop:
        if video is not None or numerals:
            other = "--numerals" if numerals else "a video"
            raise ValueError(f"--loop draws its own drives: it cannot be used with {other}")
        import vidset.training.models.learner
        from vidset.cli.demo.selection_loop import run_selection_loop

        raise typer.Exit(run_selection_loop(output or "out/loop", as_json=as_json, quiet=quiet))
    if numerals:
        if video is not None:
            raise ValueError("--numerals takes no video: it draws its own images")
        import vidset.training.models.learner  # noqa: F401  PyTorch may be missing: before any work.
        from vidset.cli.demo.loop import run_loop

        raise typer.Exit(run_loop(output or "out/numerals", as_json=as_json, quiet=quiet))
    from vidset.cli.demo.drive import run_demo

    raise typer.Exit(run_demo(video, output or "out/demo", as_json=as_json, quiet=quiet))
