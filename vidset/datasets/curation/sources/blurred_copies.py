"""Behind a privacy gate, a version has blurred copies; labels of the originals hold for them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from vidset.blurred import images_root, read_checked
from vidset.datasets.curation.sources.source import Fault, Found, Kind
from vidset.gate import ORIGINALS, Gate, read_gate
from vidset.place_images import ImageFiles
from vidset.storage.uris import is_uri, parse_uri


class BlurredCopies:
    """The copies of a place whose gate is on."""

    def __init__(self, place: str, gate: Gate):
        """Raises ValueError: a record of what was checked is damaged."""
        self._checked = read_checked(place, gate)
        self._files = ImageFiles(place, images_root(place, gate), whole=gate.copies)

    def instead(self, row: Mapping[str, Any], found: Found | Fault) -> Found | Fault:
        """Return a labeled image with its copy's bytes; `origin` is the original's hash.

        Args:
            row: with image_id, image_uri and image_sha256, of the original in the ledger.
        """
        if isinstance(found, Fault):
            return found
        checked = self._checked.get((row["image_id"], row["image_sha256"]))
        if checked is None:
            why = "it was not checked for what has to be blurred; vidset blur does that"
            return Fault(Kind.UNREADABLE, found.image_uri, why)
        return replace(
            found,
            read=partial(self._files.read, row["image_id"], row["image_uri"]),
            path=None,
            image_sha256=checked.copy_sha256,
            origin=checked.image_sha256,
        )


class CopiesByUri:
    """The copies of images that only their uris tell the place of, as in a warehouse's rows."""

    def __init__(self) -> None:
        self._of_places: dict[str, BlurredCopies | None] = {}

    def instead(self, row: Mapping[str, Any], found: Found | Fault) -> Found | Fault:
        """Return the image with its copy's bytes if the place that it lies in has a gate.

        Raises:
            ValueError: a gate or a record of what was checked is damaged, or there are no copies
                yet.
        """
        for place in _places(row["image_uri"]):
            if place not in self._of_places:
                gate = read_gate(place)
                self._of_places[place] = None if gate is None else BlurredCopies(place, gate)
            if copies := self._of_places[place]:
                return copies.instead(row, found)
        return found


def _places(uri: str) -> Iterator[str]:
    """Yield the places that an image may be of: its whole bucket; and by `images/` in its uri."""
    if is_uri(uri):
        yield parse_uri(uri).root
    inside, start = f"/{ORIGINALS}/", 0
    while (start := uri.find(inside, start)) >= 0:
        yield uri[:start]
        start += 1
