"""`vidset blur`: copies of images in which faces and the like cannot be recognised."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from vidset.cli.command import described
from vidset.cli.flags import Blur, DryRun, ExitZero, Json, Place, PlaceArgument, Quiet, Workers

if TYPE_CHECKING:
    from vidset.privacy.copying import BlurSummary
    from vidset.project import Project

_NAMED = 20


@dataclass(frozen=True, slots=True)
class Unchecked:
    """An image that could not be checked. It is neither sent nor shown."""

    image_uri: str
    reason: str


@dataclass(frozen=True, slots=True)
class Blurred:
    """The copies of a place.

    Attributes:
        detectors: their ids, which name model and version.
        images: kept images; `new` of them were checked now.
        blurred: of those, the ones in which something was found; `regions` in all.
        copies: the folder or prefix of the copies.
        left: images that --limit left for another run.
        gone: images in the ledger of --warehouse whose files are not there any more.
    """

    place: str
    detectors: list[str]
    method: str
    images: int
    new: int
    blurred: int
    regions: int
    failed: list[Unchecked]
    copies: str
    left: int = 0
    gone: int = 0


@described(
    "vidset blur --blur faces:centerface.onnx",
    "vidset blur roads --blur faces:centerface.onnx --method solid",
    "vidset blur gs://images --blur faces:centerface.onnx --copies gs://blurred "
    "--warehouse bq://project.vidset",
    part="privacy",
    result="vidset.cli.blur:Blurred",
    stage="Videos",
    note="docs/privacy.md says where a model can be had, and what this cannot do.",
)
def blur(
    subject: PlaceArgument = None,
    detectors: Blur = None,
    method: Annotated[
        str,
        typer.Option(
            metavar="HOW",
            help="Leave a mosaic of at most 5 x 5 means, or one solid colour: mosaic, solid.",
        ),
    ] = "mosaic",
    copies: Annotated[
        str | None,
        typer.Option(
            metavar="URI",
            help="Keep the copies in this place of their own, for people and programs that must "
            "not read the originals; once said, it stays so.",
        ),
    ] = None,
    warehouse: Annotated[
        str | None,
        typer.Option(
            metavar="URI",
            help="Take the images of a whole bucket from the frame ledger in bq://PROJECT.DATASET.",
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Check at most about this many images.")
    ] = None,
    exit_zero: ExitZero = False,
    workers: Workers = None,
    dry_run: DryRun = False,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Blur faces in copies, which alone are sent and shown.

    From then on, vendors, exports, dataset versions and pages of this place get the copies, and an
    image that was not checked is held back. Only images that were not checked yet are looked at.
    """
    from vidset.cli.console import answer, plural, say, show_problems, working
    from vidset.cli.places import only_place
    from vidset.next_step import next_words
    from vidset.project import find_project

    if not detectors:
        raise ValueError("wanted --blur NAME:WHAT, such as --blur faces:centerface.onnx, got none")
    project = find_project(only_place(subject, place))
    with working("Reading the ledger", show=not (as_json or quiet)) as update:
        from vidset.blurred import images_root
        from vidset.privacy.copying import Originals, blur_place, count_unchecked

        originals = Originals(project.place, copies and copies.rstrip("/"), warehouse)
        if dry_run:
            summary = count_unchecked(originals, detectors, method)
        else:
            summary = blur_place(
                originals,
                detectors,
                method,
                limit=limit,
                workers=workers,
                progress=lambda done, total: update(f"Checking images: {done:,} of {total:,}"),
            )
    result = Blurred(
        project.place,
        list(summary.gate.detectors),
        summary.gate.method,
        summary.images,
        summary.new,
        summary.blurred,
        summary.regions,
        [Unchecked(*each) for each in summary.failed],
        summary.gate.copies or images_root(project.place, summary.gate),
        summary.left,
        summary.gone,
    )

    def show() -> None:
        if dry_run:
            say(
                f"{plural(summary.new, 'image')} of {summary.images:,} would be checked; nothing "
                "was changed"
            )
            return
        say(f"images   {summary.images:,}, {summary.new:,} of them checked now")
        say(f"blurred  {plural(summary.regions, 'region')} in {plural(summary.blurred, 'image')}")
        say(f"copies   {result.copies}")
        if summary.left:
            say(f"left     {plural(summary.left, 'image')} for the next run")

    show_problems(_held_back(summary))
    answer(
        result,
        show,
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words=next_words(project, images=summary.images),
    )
    if summary.failed and not exit_zero:
        raise typer.Exit(1)


def blur_extracted(
    project: "Project", detectors: list[str], *, as_json: bool, quiet: bool
) -> "BlurSummary":
    """Blur what an extraction has kept, and tell of it on stderr; for `vidset extract --blur`."""
    from vidset.cli.console import plural, show_problems, tell, working
    from vidset.privacy.copying import Originals, blur_place

    with working("Checking images", show=not (as_json or quiet)):
        summary = blur_place(Originals(project.place), detectors, method_of(project))
    show_problems(_held_back(summary))
    if not quiet:
        tell(f"{plural(summary.regions, 'region')} blurred in {plural(summary.blurred, 'image')}")
    return summary


def _held_back(summary: "BlurSummary") -> Iterator[str]:
    # infra/privacy.tf looks for these words.
    for uri, why in summary.failed[:_NAMED]:
        yield f"not checked, and held back: {uri}: {why}"
    if (more := len(summary.failed) - _NAMED) > 0:
        yield f"not checked, and held back: {more:,} more"


def method_of(project: "Project") -> str:
    """Return how the place blurs already; a mosaic where it does not yet."""
    from vidset.gate import METHODS, present_gate

    gate = present_gate(project.place)
    return METHODS[0] if gate is None else gate.method
