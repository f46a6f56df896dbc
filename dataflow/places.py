"""Uris to stores and ledgers. Open them in `DoFn.setup`: clients do not pickle."""

from dataflow.storage import ObjectStore
from dataflow.storage_folder import FolderStore
from dataflow.warehouse import FolderLedger, Ledger


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
    try:
        if scheme == "gs":
            from dataflow.storage_gcs import GcsStore

            return GcsStore(bucket, prefix)
        from dataflow.storage_s3 import S3Store

        return S3Store(bucket, prefix)
    except ImportError as error:
        part = {"gs": "gcp", "s3": "s3"}[scheme]
        raise ValueError(f'{uri} needs pip install "vidset[{part}]" ({error})') from None


def open_ledger(uri: str) -> Ledger:
    """A folder, gs:// or s3:// prefix of Parquet files, or bq://project.dataset.

    Raises:
        ValueError: the uri is of another kind.
    """
    if not uri.startswith("bq://"):
        return FolderLedger(open_store(uri))
    try:
        from dataflow.warehouse_bigquery import TableLedger
    except ImportError as error:
        raise ValueError(f'{uri} needs pip install "vidset[gcp]" ({error})') from None
    return TableLedger(uri)
