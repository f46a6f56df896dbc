"""Gives vendors a url of an image, and reads how large the image is."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from vidset.labeling.errors import TryAgainError
from vidset.picture_headers import told_size
from vidset.storage.errors import StoreUnavailableError
from vidset.storage.open import Stores
from vidset.storage.uris import Uri, parse_uri

# A JPEG's size comes after its tables. Cameras and editors put a lot before these.
_HEADER_BYTES, _LONGEST_HEADER_BYTES = 1 << 14, 1 << 21


class ImageAccess(Protocol):
    """Safe for use by several threads."""

    def url(self, uri: str) -> str:
        """The url by which a vendor reads the image. It may be signed: never store or log it.

        Raises:
            TryAgainError: it cannot be signed now.
        """
        ...

    def size(self, uri: str) -> tuple[int, int]:
        """Width and height in pixels, from the image's first bytes.

        Raises:
            FileNotFoundError: there is no such image.
            ValueError: it is neither JPEG nor PNG.
        """
        ...


class StoreImages:
    """Images in a bucket: vendors read them by a signed url, by an url of yours, or by their uri.

    No store is opened before one is needed: to fill in an url takes no credentials.
    """

    def __init__(
        self,
        scheme: str,
        access: str,
        lifetime: timedelta,
        stores: Stores | None = None,
        copies: tuple[str, str] | None = None,
    ):
        """
        Args:
            scheme: the one that all images have.
            access: `signed`, `uri`, or an url with `{bucket}` or `{name}` in it.
            copies: the place of the images and that of their blurred copies, which have the same
                names there. Only copies are read and shown, also of tasks from before they were
                made. None: the images themselves are.
        """
        self._scheme, self._access, self._lifetime = scheme, access, lifetime
        self._stores, self._copies = stores or Stores(), copies

    def url(self, uri: str) -> str:
        uri = self._sent(uri)
        parsed = self._parsed(uri)
        if self._access == "uri":
            return uri
        if self._access != "signed":
            return fill_url(self._access, parsed.bucket, parsed.name)
        store, name = self._stores.find(uri)
        try:
            return store.signed_url(name, self._lifetime)
        except StoreUnavailableError as error:
            raise TryAgainError(str(error)) from None

    def size(self, uri: str) -> tuple[int, int]:
        uri = self._sent(uri)
        self._parsed(uri)
        store, name = self._stores.find(uri)
        return read_size(lambda count: store.read_range(name, 0, count), uri)

    def _sent(self, uri: str) -> str:
        """Return the uri of what is sent in an image's stead."""
        if self._copies is None:
            return uri
        images, copies = self._copies
        if not uri.startswith(f"{images}/"):
            raise FileNotFoundError(f"{uri}: copies are sent of images below {images} alone")
        return f"{copies}/{uri.removeprefix(f'{images}/')}"

    def _parsed(self, uri: str) -> Uri:
        parsed = parse_uri(uri)
        if parsed.scheme != self._scheme:
            raise ValueError(f"wanted an image at {self._scheme}://..., got {uri!r}")
        return parsed


class FolderImages:
    """Images in a folder: vendors read them by an url of yours, or by their path.

    Raises:
        ValueError: `access` is `signed`.
    """

    def __init__(self, folder: str, access: str):
        if access == "signed":
            raise ValueError(
                f"images in a folder ({folder}) cannot be signed: "
                "LABELING_IMAGE_ACCESS must be uri, or an url with {name} in it"
            )
        # Not resolved: as the ingest job writes it into the uris.
        self._folder, self._access = Path(os.path.abspath(folder)), access

    def url(self, uri: str) -> str:
        if self._access == "uri":
            return uri
        return fill_url(self._access, self._folder.name, self._name(uri))

    def size(self, uri: str) -> tuple[int, int]:
        path = self._folder / self._name(uri)
        if not path.is_file():
            raise FileNotFoundError(uri)

        def read(count: int) -> bytes:
            with path.open("rb") as file:
                return file.read(count)

        return read_size(read, uri)

    def _name(self, uri: str) -> str:
        path = Path(uri)
        if not path.is_relative_to(self._folder) or ".." in path.parts:
            raise ValueError(f"{uri} is not below {self._folder}")
        return path.relative_to(self._folder).as_posix()


def fill_url(template: str, bucket: str, name: str) -> str:
    """Put the bucket and the name, percent-encoded, where `{bucket}` and `{name}` stand."""
    return template.replace("{bucket}", quote(bucket)).replace("{name}", quote(name))


def read_size(read: Callable[[int], bytes], uri: str) -> tuple[int, int]:
    """Width and height in pixels. `read` gives the image's first bytes, at most so many.

    Raises:
        ValueError: they do not tell.
    """
    header = read(_HEADER_BYTES)
    try:
        return picture_size(header, uri)
    except ValueError:
        if len(header) < _HEADER_BYTES:
            raise
    return picture_size(read(_LONGEST_HEADER_BYTES), uri)


def picture_size(header: bytes, uri: str) -> tuple[int, int]:
    """Return the width and height of a JPEG or PNG, from its start.

    Raises:
        ValueError: it is neither, or its start does not tell.
    """
    if header.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8")) and (size := told_size(header)):
        return size
    raise ValueError(
        f"{uri}: wanted a JPEG or PNG, its first {len(header)} bytes, {header[:8]!r}..., "
        "tell no size"
    )
