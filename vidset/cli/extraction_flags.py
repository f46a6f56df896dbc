"""The options of an extraction as flags; `vidset.extraction_options` declares them.

Each has a key below [extract] in vidset.toml and a variable; what nobody sets has the default that
the help names.
"""

from typing import Annotated, Any

import typer

from vidset.extraction_options import OPTIONS

_DECLARED = {each.word: each for each in OPTIONS}


def _flag(word: str) -> Any:
    declared = _DECLARED[word]
    default = declared.shown_default or declared.default
    shown: dict[str, Any] = {} if default is None else {"show_default": str(default)}
    return typer.Option(metavar=declared.metavar, help=declared.help, **shown)


Every = Annotated[str | None, _flag("every")]
Tolerance = Annotated[str | None, _flag("tolerance")]
Similarity = Annotated[float | None, _flag("similarity")]
LocalChange = Annotated[str | None, _flag("local_change")]
Metric = Annotated[str | None, _flag("metric")]
JpegQuality = Annotated[int | None, _flag("jpeg_quality")]
MinSharpness = Annotated[float | None, _flag("min_sharpness")]
MinBrightness = Annotated[float | None, _flag("min_brightness")]
MaxBrightness = Annotated[float | None, _flag("max_brightness")]
VideoTimeout = Annotated[
    float,
    typer.Option(
        min=1, metavar="SECONDS", help="Give a video up that takes longer, after a second try."
    ),
]
VideoMemory = Annotated[
    int,
    typer.Option(
        min=1, metavar="MB", help="Give a video up that takes more memory, after a second try."
    ),
]
Collector = Annotated[
    str | None,
    typer.Option(metavar="ID", help="Who recorded all of the videos.", show_default="their folder"),
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="N", help="Work on this many videos at once.", show_default="one a core"
    ),
]

Redo = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WHICH",
        help="Extract again what is failed, partial or outdated (by an older vidset or decoder, or "
        "with other settings), replacing rows and images; may be repeated.",
    ),
]
Stream = Annotated[
    str,
    typer.Option(
        metavar="N|all",
        help="Take another video stream of each file than the one a player shows (0), or all.",
    ),
]


def place_to_make(place: str | None, output: str | None) -> str | None:
    """Return the place that -p names, or -o, which is another word for it here.

    Raises:
        ValueError: both are given, and differ.
    """
    if place is not None and output is not None and place != output:
        raise ValueError(f"-p {place} and -o {output}: wanted one place, got two")
    return output if place is None else place
