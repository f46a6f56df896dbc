"""Open the destination that a place names."""

from vidset.upload.destination import Destination
from vidset.upload.settings import Place


def open_destination(place: Place) -> Destination:
    """Raises ValueError without credentials."""
    if place.scheme == "gs":
        from vidset.upload.gcs import GcsDestination

        return GcsDestination(place)
    if place.scheme == "s3":
        from vidset.upload.s3 import S3Destination

        return S3Destination(place)
    from vidset.upload.folder import FolderDestination

    return FolderDestination(place)
