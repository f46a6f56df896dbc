"""Uris to ledgers of images. Each client is imported when it is used."""

from collections.abc import Iterator
from typing import Protocol

from vidset.labeling.task import Image
from vidset.storage.registry import check_client


class ImageLedger(Protocol):
    """The frame ledger, read for images that have no task, or no copy.

    It has the kept images of committed videos; memory does not grow with their number.
    """

    def images(self) -> Iterator[Image]: ...

    def files(self) -> Iterator[tuple[str, str, str]]:
        """Yield each image's SHA-256 as hex, its id and its uri."""
        ...


def open_ledger(uri: str) -> ImageLedger:
    """Open `bq://PROJECT.DATASET`.

    Raises:
        ValueError: the uri is of another kind, or the client is not installed.
    """
    project, _, dataset = uri.removeprefix("bq://").partition(".")
    if not uri.startswith("bq://") or not (project and dataset):
        raise ValueError(f"wanted bq://PROJECT.DATASET, got {uri!r}")
    check_client(uri)
    from vidset.labeling.bigquery_ledger import BigqueryLedger

    return BigqueryLedger(project, dataset)
