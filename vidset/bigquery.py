"""BigQuery's client, and the names of datasets and tables."""

import os
import re
from collections.abc import Sequence

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

# What tells videos apart, as SQL: URI#GENERATION. No generation has a #.
VIDEO_KEY = "CONCAT(video_uri, '#', generation)"
_DATASET = re.compile(r"bq://((?:[a-z0-9.-]+:)?[a-z0-9-]+)\.([A-Za-z0-9_]+)")


def dataset_of(option: str, uri: str) -> bigquery.DatasetReference:
    """Parse bq://project.dataset.

    Raises:
        ValueError: it is something else.
    """
    match = _DATASET.fullmatch(uri)
    if match is None:
        raise ValueError(f"{option} must be bq://PROJECT.DATASET, got {uri!r}")
    return bigquery.DatasetReference(match[1], match[2])


def open_client(project: str) -> bigquery.Client:
    """BIGQUERY_EMULATOR_HOST leads to an emulator."""
    # The client finds it by itself, but would look for credentials that nobody has there.
    anonymous = AnonymousCredentials() if os.environ.get("BIGQUERY_EMULATOR_HOST") else None
    return bigquery.Client(project=project, credentials=anonymous)


def sql_name(table: bigquery.Table | bigquery.TableReference) -> str:
    """Returns the name for a statement, of characters that a dataset's uri allows."""
    return f"`{table.project}.{table.dataset_id}.{table.table_id}`"


def is_any_of(column: str, values: Sequence[str]) -> tuple[str, list[bigquery.ArrayQueryParameter]]:
    """Return a condition that a row has one of the values, and its parameters.

    Args:
        column: of texts, or VIDEO_KEY.
    """
    parameters = [bigquery.ArrayQueryParameter("values", "STRING", values)]
    condition = f"{column} IN UNNEST(@values)"
    if column == VIDEO_KEY:  # Where a table is clustered by the uri, that spares reading the rest.
        uris = sorted({value.rpartition("#")[0] for value in values})
        parameters.append(bigquery.ArrayQueryParameter("uris", "STRING", uris))
        condition = f"video_uri IN UNNEST(@uris) AND {condition}"
    return condition, parameters
