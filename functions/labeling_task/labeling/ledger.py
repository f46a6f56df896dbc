"""The frame ledger, read for images that have no task."""

from collections.abc import Iterator
from typing import Protocol

from labeling.task import Image


class ImageLedger(Protocol):
    def images(self) -> Iterator[Image]:
        """The kept images of committed videos; memory does not grow with their number."""
        ...


def open_ledger(uri: str) -> ImageLedger:
    """`bq://PROJECT.DATASET`.

    Raises:
        ValueError: the uri is of another kind, or the client is not installed.
    """
    project, _, dataset = uri.removeprefix("bq://").partition(".")
    if not uri.startswith("bq://") or not (project and dataset):
        raise ValueError(f"wanted bq://PROJECT.DATASET, got {uri!r}")
    try:
        from labeling.ledger_bigquery import BigqueryLedger
    except ModuleNotFoundError as error:
        raise ValueError(f'{uri} needs pip install "vidset[gcp]": {error}') from None
    return BigqueryLedger(project, dataset)
