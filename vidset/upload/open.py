"""Open the destination that a place names."""

import pkgutil

from vidset.storage.registry import find_scheme
from vidset.upload.destination import Destination
from vidset.upload.folder import FolderDestination
from vidset.upload.settings import Place


def open_destination(place: Place) -> Destination:
    """Open the folder, or the bucket of any scheme that takes uploads.

    Raises:
        ValueError: there are no credentials, or what the scheme needs is not installed.
    """
    if place.scheme == "file":
        return FolderDestination(place)
    uri = place.uri("")
    scheme = find_scheme(uri)
    for client in scheme.upload_clients:
        client.check(uri)
    return pkgutil.resolve_name(scheme.destination)(place)
