"""The options that several commands of `vidset dataset` share."""

from typing import Annotated

import typer

Message = Annotated[
    str, typer.Option("--message", "-m", metavar="TEXT", help="A note to keep with the version.")
]
Move = Annotated[
    bool, typer.Option("--move", help="Take a name away from the version that has it.")
]
NearDistance = Annotated[
    str,
    typer.Option(
        metavar="BITS",
        help="Treat images within this many hash bits as duplicates, or `off`.",
    ),
]
Limit = Annotated[
    int,
    typer.Option("--show", min=0, metavar="N", help="Name at most this many images of each kind."),
]
Lossy = Annotated[
    bool, typer.Option("--lossy", help="Leave out what the target cannot express, and count it.")
]
Leaks = Annotated[
    str,
    typer.Option(
        "--on-leaks",
        metavar="refuse|drop|keep",
        help="What to do about images that stand in several splits.",
    ),
]
SkipFaults = Annotated[
    bool, typer.Option("--skip-faults", help="Leave out faulty images instead of stopping.")
]
Cap = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="The most images to train and validate on.")
]


def near_distance_of(text: str) -> int | None:
    """Bits; None for `off`.

    Raises:
        ValueError: neither a number that may be, nor off.
    """
    from vidset.datasets.images.hash_bands import MOST_BITS

    if text == "off":
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= MOST_BITS):
        raise ValueError(f"--near-distance: wanted 0 to {MOST_BITS} bits, or off, got {text!r}")
    return int(text)


def shares_of(text: str) -> dict[str, float]:
    """Shares as they are typed: `train=0.8,validation=0.2`.

    Raises:
        ValueError: they are none.
    """
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, share = (piece.strip() for piece in part.partition("="))
        try:
            number = float(share)
        except ValueError:
            number = None
        if not name or number is None or name in shares:
            raise ValueError(f"--shares: wanted such as train=0.8,validation=0.2, got {text!r}")
        shares[name] = number
    return shares


def labels_of(text: str | None) -> frozenset[str] | None:
    """Labels as they are typed, with commas between them.

    Raises:
        ValueError: there is none.
    """
    if text is None:
        return None
    labels = frozenset(label.strip() for label in text.split(",") if label.strip())
    if not labels:
        raise ValueError("--labels: wanted labels with commas between them, got none")
    return labels
