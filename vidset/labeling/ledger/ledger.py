"""The frame ledger, read for images that have no task."""

from collections.abc import Iterator
from typing import Protocol

from vidset.labeling.task import Image


class ImageLedger(Protocol):
    def images(self) -> Iterator[Image]:
        """The kept images of committed videos; memory does not grow with their number."""
        ...
