"""`vidset demo`: its options."""

from typing import Annotated

import typer

from vidset.cli.command import described
from vidset.cli.flags import Json, Quiet


@described(
    "vidset demo",
    "vidset demo my-drive.mp4 -o out",
    part="extract",
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
            help="The folder to work in; it is made.",
        ),
    ] = None,
    numerals: Annotated[
        bool,
        typer.Option(
            "--numerals", help="Go around the data-centric loop on drawn numerals instead."
        ),
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw a drive with a known truth, extract it and label it.

    Pictures show what was kept and dropped, and the labels that came back.
    """
    if numerals:
        if video is not None:
            raise ValueError("--numerals takes no video: it draws its own images")
        import vidset.training.models.learner  # noqa: F401  PyTorch may be missing: before any work.
        from vidset.demo.loop import run_loop

        raise typer.Exit(run_loop(output or "out/numerals", as_json=as_json, quiet=quiet))
    from vidset.cli.console import working

    with working("Starting", show=not (quiet or as_json)):
        from vidset.demo.demo import run_demo

    raise typer.Exit(run_demo(video, output or "out/demo", as_json=as_json, quiet=quiet))
