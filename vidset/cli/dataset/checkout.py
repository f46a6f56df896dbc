"""`vidset dataset checkout`: a version as folders that other tools read."""

from dataclasses import dataclass

from vidset.cli.command import described
from vidset.cli.dataset.options import Link, Lossy
from vidset.cli.flags import Format, Json, Output, Overwrite, Place, Quiet, Version


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """What --json prints; `dropped` counts what the format cannot say."""

    place: str
    version: str
    output: str
    format: str
    images: int
    dropped: dict[str, int]


@described(
    "vidset dataset checkout v0 -o v0",
    "vidset dataset checkout v0 -f yolo -o v0-yolo --link",
    part="dataset",
    result="vidset.cli.dataset.checkout:CheckedOut",
)
def checkout(
    version: Version = None,
    output: Output = None,
    format_name: Format = None,
    link: Link = False,
    lossy: Lossy = False,
    overwrite: Overwrite = False,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a version as folders that other tools read."""
    from vidset.cli.console import answer, say
    from vidset.cli.dataset.display import counting
    from vidset.cli.dataset.versions import Versions
    from vidset.datasets.exchange.checkout import FOLDERS, check_out

    if output is None:
        raise ValueError("wanted -o PATH for the folder to write")
    versions = Versions.at(place, "checkout")
    id_ = versions.chosen(version)
    with counting("Writing images", show=not (as_json or quiet)) as progress:
        done = check_out(
            versions.repository,
            id_,
            output,
            format_name or FOLDERS,
            link=link,
            lossy=lossy,
            overwrite=overwrite,
            progress=progress,
        )

    def shown() -> None:
        say(f"{output}: {done.images:,} images")
        if done.dropped:
            each = ", ".join(f"{number} {what}" for what, number in done.dropped.items())
            say(f"left out: {each}")

    answer(
        CheckedOut(
            place=versions.project.place,
            version=id_,
            output=output,
            format=done.format,
            images=done.images,
            dropped=dict(done.dropped),
        ),
        shown,
        as_json=as_json,
        quiet=quiet,
        project=versions.project,
    )
