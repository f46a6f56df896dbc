"""The schemes of uris that objects can be stored under: one entry for each.

Another package adds a scheme of its own with the entry point group `vidset.stores`:

    [project.entry-points."vidset.stores"]
    toy = "toy_storage:SCHEME"

The entry point's name is the scheme, and what it names is a `Scheme`. See docs/architecture.md.
"""

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from vidset.storage.store import ObjectStore
from vidset.storage.uris import Uri, is_uri, parse_uri

_GROUP = "vidset.stores"


@dataclass(frozen=True, slots=True)
class Client:
    """A library that a scheme needs.

    Attributes:
        module: what has to be importable.
        install: what to pass to pip.
    """

    module: str
    install: str

    def is_installed(self) -> bool:
        """Returns whether the module can be imported; it is not imported."""
        try:
            return importlib.util.find_spec(self.module) is not None
        except ModuleNotFoundError:  # Not even the package that it is a part of is there.
            return False

    def check(self, what: str) -> None:
        """Raises ValueError, with the command to install it, unless the module is there."""
        if not self.is_installed():
            raise ValueError(
                f'{what} needs pip install "{self.install}": there is no {self.module}'
            )


@dataclass(frozen=True, slots=True)
class Scheme:
    """A scheme of uris, and what it brings.

    Attributes:
        open_store: opens the store of a bucket, below a prefix. It imports its client only then.
        clients: what `open_store` needs.
        destination: `module:name` of what makes a `vidset.upload.destination.Destination` from a
            `vidset.upload.settings.Place`; empty if `vidset upload` cannot send there. It is a text
            because the labeling broker, which is deployed alone, does not carry the uploader.
        upload_clients: what the destination needs.
    """

    open_store: Callable[[Uri], ObjectStore]
    clients: tuple[Client, ...] = ()
    destination: str = ""
    upload_clients: tuple[Client, ...] = ()


def _open_gcs(uri: Uri) -> ObjectStore:
    from vidset.storage.gcs import GcsStore

    return GcsStore(uri.bucket, uri.prefix)


def _open_s3(uri: Uri) -> ObjectStore:
    from vidset.storage.s3 import S3Store

    return S3Store(uri.bucket, uri.prefix)


_BOTO3 = Client("boto3", "vidset[s3]")
_BUILT_IN = {
    "gs": Scheme(
        _open_gcs,
        (Client("google.cloud.storage", "vidset[gcp]"),),
        "vidset.upload.gcs:GcsDestination",
        (Client("google.auth", "vidset[upload]"), Client("requests", "vidset[upload]")),
    ),
    "s3": Scheme(_open_s3, (_BOTO3,), "vidset.upload.s3:S3Destination", (_BOTO3,)),
}
# Uris of services that store no objects: their clients are checked here as well.
_SERVICES = {
    "bq": Client("google.cloud.bigquery", "vidset[gcp]"),
    "firestore": Client("google.cloud.firestore", "vidset[gcp]"),
}


def scheme_names() -> tuple[str, ...]:
    """The names of all schemes, those of this package first. No scheme is loaded for it."""
    return (*_BUILT_IN, *sorted(_added(tuple(sys.path)).keys() - _BUILT_IN.keys()))


def find_scheme(uri: str) -> Scheme:
    """The scheme of a uri.

    Raises:
        ValueError: it is no uri, or no scheme of that name is installed.
    """
    try:
        name = parse_uri(uri).scheme
    except ValueError:  # It names no bucket.
        name = ""
    scheme = _named(name)
    if scheme is None:
        raise ValueError(f"wanted {wanted_places()}, got {uri!r}")
    return scheme


def wanted_places() -> str:
    """The places that can be named, for messages: `a folder, gs://... or s3://...`."""
    *others, last = (f"{name}://..." for name in scheme_names())
    return f"{', '.join(['a folder', *others])} or {last}"


def check_client(uri: str) -> None:
    """Check before any work that what `uri` needs is installed. A path needs nothing.

    Raises:
        ValueError: it is not, and how to install it.
    """
    if not is_uri(uri):
        return
    scheme = uri.partition("://")[0]
    if scheme in _SERVICES:
        _SERVICES[scheme].check(uri)
    elif (found := _named(scheme)) is not None:
        for client in found.clients:
            client.check(uri)


def _named(name: str) -> Scheme | None:
    if name in _BUILT_IN:
        return _BUILT_IN[name]
    entry = _added(tuple(sys.path)).get(name)
    if entry is None:
        return None
    scheme = entry.load()
    if not isinstance(scheme, Scheme):
        raise ValueError(
            f"entry point {_GROUP}: {entry.name} = {entry.value}: wanted a "
            f"vidset.storage.registry.Scheme, got a {type(scheme).__name__}"
        )
    return scheme


@cache
def _added(path: tuple[str, ...]) -> dict[str, EntryPoint]:  # noqa: ARG001 (it decides)
    """Return what other packages add, by name. To look for it, each on `path` is opened."""
    return {entry.name: entry for entry in reversed(tuple(entry_points(group=_GROUP)))}
