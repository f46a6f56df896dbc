"""Settings to images. Each client is imported when it is used."""

from vidset.gate import has_gate
from vidset.labeling.images.access import FolderImages, ImageAccess, StoreImages
from vidset.labeling.settings import Settings
from vidset.storage.registry import check_client, find_scheme
from vidset.storage.uris import is_uri, parse_uri

# Where LABELING_IMAGES does not say: uploads of Cloud Storage tell of their images themselves.
_DEFAULT_SCHEME = "gs"


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
    copies = None
    if settings.copies is not None and settings.images is not None:
        copies = (settings.images, settings.copies)
    return StoreImages(scheme, settings.image_access, settings.signed_url_lifetime, copies=copies)


def refuse_originals(settings: Settings) -> None:
    """Check that no originals are signed where the images' place has a privacy gate.

    Raises:
        ValueError: it has one, and the settings name no copies.
    """
    images = settings.images
    if images is None or not is_uri(images) or settings.copies or settings.image_access != "signed":
        return
    if has_gate(images):
        raise ValueError(
            f"{images} has a privacy gate: LABELING_COPIES must name the place of the blurred "
            "copies, or originals would be sent"
        )
