"""The views, whose SQL is in infra/schemas/views, for BigQuery and for DuckDB."""

from pathlib import Path
from typing import Literal

from vidset.tables.schemas import schema_folder

VIEWS = ("objects", "dataset_candidates", "labeling_cost", "collector_scorecard", "prelabels")


def view_sql(dialect: Literal["bigquery", "duckdb"], name: str) -> str:
    """BigQuery's names a table as `${dataset}.frames`, which Terraform's templatefile knows too."""
    return Path(schema_folder(), "views", dialect, f"{name}.sql").read_text()
