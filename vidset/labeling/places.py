"""Uris and settings to images and ledgers. Each client is imported when it is used."""

from collections.abc import Iterator
from typing import Protocol

from vidset.labeling.images.access import FolderImages, ImageAccess, StoreImages
from vidset.labeling.settings import Settings
from vidset.labeling.task import Image
from vidset.storage.registry import check_client, find_scheme
from vidset.storage.uris import is_uri, parse_uri

# Where LABELING_IMAGES does not say: uploads of Cloud Storage tell of their images themselves.
_DEFAULT_SCHEME = "gs"


class ImageLedger(Protocol):
    """The frame ledger, read for images that have no task."""

    def images(self) -> Iterator[Image]:
        """The kept images of committed videos; memory does not grow with their number."""
        ...


def open_image_access(settings: Settings) -> ImageAccess:
    """Open the access to images in a bucket of any scheme, or in a folder.

    Raises:
        ValueError: images in a folder cannot be signed, the scheme is unknown, or its client is
            not installed.
    """
    place = settings.images or f"{_DEFAULT_SCHEME}://any"
    if not is_uri(place):
        return FolderImages(place, settings.image_access)
    find_scheme(place)
    check_client(place)
    scheme = parse_uri(place).scheme
    return StoreImages(scheme, settings.image_access, settings.signed_url_lifetime)


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
