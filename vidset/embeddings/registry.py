"""The embedders that there are, by name.

What a user names is `NAME`, or `NAME:WHAT` for an embedder that needs to be told something, such as
`onnx:model.onnx`. Another package adds one with the entry point group `vidset.embedders`:

    [project.entry-points."vidset.embedders"]
    toy = "toy_embedder:open_embedder"

What it names is an `OpenEmbedder`.
"""

import re
from importlib import import_module
from importlib.metadata import entry_points
from typing import Protocol

from vidset.embeddings.embedder import MOST_DIMENSIONS, Embedder
from vidset.suggestions import did_you_mean

GROUP = "vidset.embedders"
CLASSIC = "classic"
_ID = re.compile(r"[a-z0-9][a-z0-9.-]{0,79}")


class OpenEmbedder(Protocol):
    """Opens an embedder.

    `told` is what stands behind the colon, or "" without one. It raises ValueError if that is not
    what it needs, or if a package is not installed.
    """

    def __call__(self, told: str) -> Embedder: ...


# Their modules are imported when they are named: some need packages that others do not.
_BUILT_IN = {
    CLASSIC: "vidset.embeddings.classic:open_embedder",
    "onnx": "vidset.embeddings.onnx:open_embedder",
}


def embedder_names() -> list[str]:
    """Return the names of all embedders, also of those that other packages add."""
    return sorted({*_BUILT_IN, *(point.name for point in entry_points(group=GROUP))})


def open_embedder(named: str = CLASSIC) -> Embedder:
    """Open an embedder by what a user typed.

    Raises:
        ValueError: there is no such embedder, it cannot be opened, or what was opened is none.
    """
    name, _, told = named.partition(":")
    embedder = _find(name)(told)
    if not isinstance(embedder.id, str) or not _ID.fullmatch(embedder.id):
        raise ValueError(
            f"embedder {named!r}: wanted an id of 1 to 80 characters a-z 0-9 . -, got "
            f"{embedder.id!r}"
        )
    if not 1 <= embedder.dimensions <= MOST_DIMENSIONS:
        raise ValueError(
            f"embedder {named!r}: wanted 1 to {MOST_DIMENSIONS} dimensions, got "
            f"{embedder.dimensions}"
        )
    return embedder


def _find(name: str) -> OpenEmbedder:
    if name in _BUILT_IN:
        module, _, attribute = _BUILT_IN[name].partition(":")
        return getattr(import_module(module), attribute)
    for point in entry_points(group=GROUP):
        if point.name == name:
            return point.load()
    known = embedder_names()
    raise ValueError(
        f"embedder: wanted one of {', '.join(known)}, got {name!r}.{did_you_mean(name, known)}"
    )
