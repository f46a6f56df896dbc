"""The options on how label files are read, and on what is wrong with them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer


class Match(StrEnum):
    EXACT = "exact"
    PATH = "path"
    LONGEST = "longest"


MatchHow = Annotated[
    Match,
    typer.Option(
        "--match",
        help="How names find images: exact; path, where one may have more folders before it; "
        "or longest, the longest common end.",
    ),
]
AsBoxes = Annotated[bool, typer.Option("--as-boxes", help="Take the box around each outline.")]
MapLabels = Annotated[
    list[str] | None, typer.Option("--map-labels", metavar="OLD=NEW", help="Rename a label.")
]
Crowds = Annotated[
    bool,
    typer.Option("--crowds", help="Take COCO's crowds as objects. CVAT writes each mask as one."),
]
Columns = Annotated[
    str | None,
    typer.Option(
        metavar="NAMES",
        help="What the columns of CSV are: image=file,label=cls by the first row, or "
        "image,xmin,-,label in their order, where there is no such row.",
        show_default="as the first row tells",
    ),
]
ResultsOf = Annotated[
    str | None,
    typer.Option(
        "--results-of",
        metavar="FILE",
        help="The COCO file whose images and categories a list of results is about.",
    ),
]
Faults = Annotated[
    str | None,
    typer.Option("--faults", metavar="FILE", help="Write all faults to this CSV as well."),
]


def columns_of(text: str | None) -> Mapping[str, str] | Sequence[str]:
    """Columns as they are typed; see `vidset.formats.reading.Reading`.

    Raises:
        ValueError: some are named and some are not, or one is named twice.
    """
    words = [word.strip() for word in text.split(",")] if text else []
    pairs = [word.partition("=") for word in words]
    named = {ours.strip(): theirs.strip() for ours, separator, theirs in pairs if separator}
    is_sound = all(map(all, named.items())) and len(named) in (0, len(words))
    if not is_sound or not all(words):
        raise ValueError(f"--columns: wanted such as image=file,label=cls, got {text!r}")
    return named or words


@contextmanager
def faults_into(path: str | None, source: str) -> Iterator[list[str]]:
    """Yield a list for faults, which are written to the file when the block ends.

    The faults of an error that ends the block are written as well.
    """
    found: list[str] = []
    try:
        yield found
    except ValueError as error:
        found += getattr(error, "faults", [str(error)])
        raise
    finally:
        if path is not None:
            from vidset.formats.faults import write_faults

            write_faults(path, source, found)
