"""`vidset blur`: copies of images in which faces and the like cannot be recognised."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from vidset.cli.command import described
from vidset.cli.flags import Blur, DryRun, Json, Place, PlaceArgument, Quiet, Workers

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


@described(
    "vidset blur --blur faces:centerface.onnx",
    "vidset blur roads --blur faces:centerface.onnx --method solid",
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
        from vidset.blurred import COPIES
        from vidset.privacy.copying import blur_place, count_unchecked

        if dry_run:
            summary = count_unchecked(project.place, detectors, method)
        else:
            summary = blur_place(
                project.place,
                detectors,
                method,
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
        project.below(COPIES),
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

    show_problems(
        f"not checked, and held back: {uri}: {why}" for uri, why in summary.failed[:_NAMED]
    )
    answer(
        result,
        show,
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words=next_words(project, images=summary.images),
    )
    if summary.failed:
        raise typer.Exit(1)


def blur_extracted(
    project: "Project", detectors: list[str], *, as_json: bool, quiet: bool
) -> "BlurSummary":
    """Blur what an extraction has kept, and tell of it on stderr; for `vidset extract --blur`."""
    from vidset.cli.console import plural, show_problems, tell, working
    from vidset.privacy.copying import blur_place

    with working("Checking images", show=not (as_json or quiet)):
        summary = blur_place(project.place, detectors, method_of(project))
    show_problems(
        f"not checked, and held back: {uri}: {why}" for uri, why in summary.failed[:_NAMED]
    )
    if not quiet:
        tell(f"{plural(summary.regions, 'region')} blurred in {plural(summary.blurred, 'image')}")
    return summary


def method_of(project: "Project") -> str:
    """Return how the place blurs already; a mosaic where it does not yet."""
    from vidset.blurred import METHODS, read_gate

    gate = read_gate(project.place)
    return METHODS[0] if gate is None else gate.method
