"""The options of an extraction, shared by `vidset extract` and `vidset watch`.

Each has a key below [extract] in vidset.toml and a variable; what nobody sets has the default that
the help names.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from vidset.project import Project

Every = Annotated[
    str | None,
    typer.Option(
        metavar="SECONDS",
        help="Take a sample each so many seconds, by timestamps, such as 0.1 or 1/30.",
        show_default="1",
    ),
]
Tolerance = Annotated[
    str | None,
    typer.Option(
        metavar="SECONDS",
        help="Take a keyframe within so many seconds instead: cheaper where they are near.",
        show_default="0",
    ),
]
Similarity = Annotated[
    float | None,
    typer.Option(
        metavar="SSIM",
        help="Drop a sample that is at least this like the last kept one; above 1 keeps all.",
        show_default="0.9",
    ),
]
LocalChange = Annotated[
    str | None,
    typer.Option(
        metavar="LEVELS",
        help="Keep it all the same if a small window has changed by more; or off.",
        show_default="20",
    ),
]
Metric = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Measure similarity by ssim, or by a measure of image-similarity-measures.",
        show_default="ssim",
    ),
]
JpegQuality = Annotated[
    int | None,
    typer.Option(metavar="1..100", help="Write images of this quality.", show_default="95"),
]
MinSharpness = Annotated[
    float | None,
    typer.Option(
        metavar="VARIANCE", help="Drop samples that are blurrier: the Laplacian's variance."
    ),
]
MinBrightness = Annotated[
    float | None,
    typer.Option(metavar="LEVEL", help="Drop samples that are darker: the mean, 0 to 255."),
]
MaxBrightness = Annotated[
    float | None, typer.Option(metavar="LEVEL", help="Drop samples that are brighter.")
]
Collector = Annotated[
    str | None,
    typer.Option(metavar="ID", help="Who recorded all of the videos.", show_default="their folder"),
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="N", help="Work on so many videos at once.", show_default="one a core"
    ),
]
# By the option's name in vidset.toml, the name that the extraction has for it.
_NAMES = {
    "every": "every",
    "tolerance": "tolerance",
    "similarity": "similarity_threshold",
    "local_change": "local_change",
    "metric": "metric",
    "jpeg_quality": "jpeg_quality",
    "min_sharpness": "min_sharpness",
    "min_brightness": "min_brightness",
    "max_brightness": "max_brightness",
}


def extraction_options(project: Project, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of an extraction by their own names: the flags, else the project's.

    Raises:
        ValueError: a variable holds no number where one is wanted.
    """
    found = {
        theirs: project.choose(f"extract.{name}", given.get(name))
        for name, theirs in _NAMES.items()
    }
    return {name: value for name, value in found.items() if value is not None}


def workers_of(project: Project, given: int | None) -> int | None:
    """Return how many workers are wanted; None for one a core.

    Raises:
        ValueError: it is no positive number.
    """
    workers = project.choose("extract.workers", given)
    if workers is None:
        return None
    if not isinstance(workers, int) or workers < 1:
        raise ValueError(f"workers: wanted a whole number of at least 1, got {workers!r}")
    return workers


def place_to_make(place: str | None, output: str | None) -> str | None:
    """Return the place that -p names, or -o, which is another word for it here.

    Raises:
        ValueError: both are given, and differ.
    """
    if place is not None and output is not None and place != output:
        raise ValueError(f"-p {place} and -o {output}: wanted one place, got two")
    return output if place is None else place
