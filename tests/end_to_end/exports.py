"""An export from the Firestore emulator into one of the warehouses."""

from pathlib import Path

from tests.documents.labels import (
    id_of,
)
from vidset.beam.export_job import main
from vidset.warehouse.duckdb import make_views, open_duckdb


class InBigquery:
    """The job into a dataset of the emulator, and what is in it then."""

    def __init__(self, bigquery, project: str, folder: Path):
        self._bigquery = bigquery
        bigquery.client().create_dataset("vidset")
        self.arguments = [
            f"--store=firestore://{project}",
            f"--warehouse=bq://{bigquery.project}.vidset",
            f"--staging={folder}/staging",
            f"--dead_letters={folder}/dead_letters",
        ]
        self.dead_letters = folder / "dead_letters"

    def export(self, *more: str) -> int:
        return main([*self.arguments, *more])

    def rows(self, sql: str) -> list[dict]:
        return self._bigquery.rows(sql.replace("{", "vidset.").replace("}", ""))

    def tables(self) -> set[str]:
        return {table.table_id for table in self._bigquery.client().list_tables("vidset")}


class InParquet(InBigquery):
    """The same into a folder."""

    def __init__(self, project: str, folder: Path):
        self._folder = folder / "warehouse"
        self.arguments = [
            f"--store=firestore://{project}",
            f"--warehouse={folder}/warehouse",
            f"--dead_letters={folder}/dead_letters",
        ]
        self.dead_letters = folder / "dead_letters"

    def rows(self, sql: str) -> list[dict]:
        with open_duckdb() as connection:
            make_views(connection, self._folder)
            found = connection.execute(sql.replace("{", "").replace("}", ""))
            return found.to_arrow_table().to_pylist()


REVISIONS = "SELECT image_id, revision FROM {annotations}"


def annotation_of(warehouse, number: int) -> dict:
    rows = warehouse.rows("SELECT * FROM {annotations}")
    [row] = [row for row in rows if row["image_id"] == id_of(number)]
    return row


def revisions(warehouse) -> dict[str, int]:
    rows = warehouse.rows(REVISIONS)
    assert len(rows) == len({row["image_id"] for row in rows})
    return {row["image_id"]: row["revision"] for row in rows}
