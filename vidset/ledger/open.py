"""Open the frame and video ledgers that a uri names."""

from typing import TYPE_CHECKING

from vidset.ledger.ledger import FolderLedger, Ledger
from vidset.storage.open import open_store
from vidset.storage.registry import check_client

if TYPE_CHECKING:
    from vidset.ledger.bigquery import TableLedger


def open_ledger(uri: str) -> Ledger:
    """A folder, gs:// or s3:// prefix of Parquet files, or bq://project.dataset.

    Raises:
        ValueError: the uri is of another kind, or its client is not installed.
    """
    if not uri.startswith("bq://"):
        return FolderLedger(open_store(uri))
    return open_table_ledger(uri)


def open_table_ledger(uri: str) -> "TableLedger":
    """The ledger in a BigQuery dataset, bq://project.dataset.

    Raises:
        ValueError: the uri is of another kind, or the client is not installed.
    """
    check_client(uri)
    from vidset.ledger.bigquery import TableLedger

    return TableLedger(uri)
