"""Uris to stores and ledgers. Open them in `DoFn.setup`: clients do not pickle."""

import importlib.util

from vidset.storage.folder import FolderStore
from vidset.storage.store import ObjectStore

# By scheme: the client's module, and the part of the package that brings it.
_CLIENTS = {
    "gs": ("google.cloud.storage", "gcp"),
    "s3": ("boto3", "s3"),
    "bq": ("google.cloud.bigquery", "gcp"),
    "firestore": ("google.cloud.firestore", "gcp"),
}


def check_client(uri: str) -> None:
    """Before any work: what `uri` takes must be installed.

    Raises:
        ValueError: it is not, and how to get it.
    """
    scheme, separator, _ = uri.partition("://")
    module, part = _CLIENTS.get(scheme, ("", ""))
    if separator and module and not _is_installed(module):
        raise ValueError(f'{uri} needs pip install "vidset[{part}]": there is no {module}')


def open_store(uri: str) -> ObjectStore:
    """A store at gs://bucket[/prefix], s3://bucket[/prefix] or a folder.

    Raises:
        ValueError: the uri is of another kind, or its client is not installed.
    """
    scheme, separator, rest = uri.partition("://")
    if not separator:
        return FolderStore(uri)
    bucket, _, prefix = rest.partition("/")
    if scheme not in ("gs", "s3") or not bucket:
        raise ValueError(f"wanted a folder, gs://bucket/... or s3://bucket/..., got {uri!r}")
    check_client(uri)
    if scheme == "gs":
        from vidset.storage.gcs import GcsStore

        return GcsStore(bucket, prefix)
    from vidset.storage.s3 import S3Store

    return S3Store(bucket, prefix)


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # Not even what it is a part of.
        return False
