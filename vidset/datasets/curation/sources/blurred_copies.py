"""Behind a privacy gate, a version has blurred copies; labels of the originals hold for them."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from vidset.blurred import COPIES, Gate, read_checked
from vidset.datasets.curation.sources.source import Fault, Found, Kind
from vidset.place_images import ImageFiles


class BlurredCopies:
    """The copies of a place whose gate is on."""

    def __init__(self, place: str, gate: Gate):
        """Raises ValueError: a record of what was checked is damaged."""
        self._checked = read_checked(place, gate)
        self._files = ImageFiles(place, COPIES)

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
