"""Open the frame and video ledgers that a uri names."""

from vidset.ledger.ledger import FolderLedger, Ledger
from vidset.storage.open import open_store
from vidset.storage.registry import check_client


def open_ledger(uri: str) -> Ledger:
    """A folder, gs:// or s3:// prefix of Parquet files, or bq://project.dataset.

    Raises:
        ValueError: the uri is of another kind, or its client is not installed.
    """
    if not uri.startswith("bq://"):
        return FolderLedger(open_store(uri))
    check_client(uri)
    from vidset.ledger.bigquery import TableLedger

    return TableLedger(uri)
