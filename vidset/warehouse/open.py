"""Uris to warehouses. Open them in `DoFn.setup`: clients do not pickle."""

from vidset.storage.registry import check_client
from vidset.warehouse.export import Warehouse


def open_warehouse(uri: str, staging: str | None = None) -> Warehouse:
    """A folder of Parquet files, or bq://project.dataset.

    Args:
        staging: for BigQuery, a folder or gs:// place for files on their way.

    Raises:
        ValueError: the uri is of another kind, or what it takes is not installed.
    """
    scheme, separator, _ = uri.partition("://")
    if not separator:
        from vidset.warehouse.folder import ParquetWarehouse

        return ParquetWarehouse(uri)
    if scheme != "bq":
        raise ValueError(f"warehouse: wanted a folder or bq://PROJECT.DATASET, got {uri!r}")
    if not staging:
        raise ValueError(
            f"{uri}: wanted a folder or gs:// place for files on their way to it, got none"
        )
    check_client(uri)
    from vidset.warehouse.bigquery import DatasetWarehouse

    return DatasetWarehouse(uri, staging)
