"""The export job, which is killed at a place: python -m tests.end_to_end.dying_export PLACE ..."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from vidset.beam.export_job import main
from vidset.warehouse import folder as warehouse_parquet
from vidset.warehouse.bigquery import DatasetWarehouse
from vidset.warehouse.folder import ParquetWarehouse


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def then_die(work: Callable[..., Any]) -> Callable[..., Any]:
    def do(*arguments: Any, **options: Any) -> Any:
        work(*arguments, **options)
        die()

    return do


PLACES: dict[str, Callable[[], None]] = {
    "staged": lambda: _set((DatasetWarehouse, ParquetWarehouse), "merge", die),
    "loaded": lambda: _set((DatasetWarehouse,), "_load", then_die(DatasetWarehouse._load)),
    "written": lambda: _set((warehouse_parquet.os,), "replace", die),
    "merged": lambda: _set((DatasetWarehouse, ParquetWarehouse), "remember", die),
}


def _set(owners: tuple[Any, ...], name: str, value: Any) -> None:
    for owner in owners:
        setattr(owner, name, value)


if __name__ == "__main__":
    # Only once the warehouse is made: the first export is a whole one.
    PLACES[sys.argv[1]]()
    sys.exit(main(sys.argv[2:]))
