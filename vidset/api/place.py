"""A place as a Python object: its tables, and its images by their ids."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vidset.project import NoPlaceError, Project, find_project

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pandas as pd
    import pyarrow as pa

_MEMORY = "1GB"


class Table:
    """Rows of a place as Arrow, pandas or a DuckDB relation. docs/warehouse.md lists the columns.

    Nothing is read before one of them is asked for.
    """

    def __init__(self, connection: "duckdb.DuckDBPyConnection", query: str):
        self._connection, self._query = connection, query

    def relation(self) -> "duckdb.DuckDBPyRelation":
        """Return a DuckDB relation, which can be filtered and joined without reading all rows."""
        return self._connection.sql(self._query)

    def arrow(self) -> "pa.Table":
        """Return all rows as an Arrow table."""
        return self.relation().to_arrow_table()

    def batches(self, rows: int = 100_000) -> "pa.RecordBatchReader":
        """Return a reader of Arrow batches of so many rows: memory does not grow with the table."""
        return self._connection.cursor().execute(self._query).to_arrow_reader(rows)

    def pandas(self) -> "pd.DataFrame":
        """Return all rows as a pandas DataFrame."""
        return self.relation().df()


class Place:
    """A place that holds the work. Its tables are as they were when it was opened.

    Attributes:
        path: the folder.
        unread: documents of labels that could not be read, each with the reason.
    """

    def __init__(self, project: Project, unread: Sequence[str]):
        from vidset.warehouse.asking import open_warehouse

        self.path = project.place
        self.unread = list(unread)
        self._connection = open_warehouse(project.warehouse, _MEMORY, "")

    def __repr__(self) -> str:
        return f"<vidset.Place {self.path}>"

    @property
    def frames(self) -> Table:
        """Every sample of every video, kept or not."""
        return self._table("frames")

    @property
    def videos(self) -> Table:
        """Every video that was extracted, or failed."""
        return self._table("videos")

    @property
    def annotations(self) -> Table:
        """The labels: a row for each image that somebody labeled, skipped or rejected."""
        return self._table("annotations")

    def sql(self, query: str) -> Table:
        """Return the rows of one SELECT over the tables and views that `vidset sql` lists.

        Raises:
            ValueError: it is no single SELECT, or DuckDB does not take it.
        """
        from vidset.warehouse.asking import check_question

        check_question(self._connection, query)
        return Table(self._connection, query)

    def image(self, image_id: str) -> "np.ndarray":
        """Return the picture of an image, upright: (height, width, 3) uint8 RGB.

        It is the original, also in a place with a privacy gate (docs/privacy.md).

        Raises:
            KeyError: the place has no image of this id.
            ValueError: its file cannot be read.
        """
        from vidset.datasets.images.measures import decode

        return decode(self.image_bytes(image_id), image_id)

    def image_bytes(self, image_id: str) -> bytes:
        """Return the file of an image as it is stored.

        Raises:
            KeyError: the place has no image of this id.
            ValueError: its file is gone, or lies elsewhere.
        """
        from vidset.place_images import ImageFiles

        found: Any = self._connection.execute(
            "SELECT image_uri FROM frames WHERE image_id = ? AND kept LIMIT 1", [image_id]
        ).fetchone()
        if found is None:
            raise KeyError(f"{self.path}: there is no image {image_id!r}")
        try:
            return ImageFiles(self.path).read(image_id, found[0])
        except FileNotFoundError:
            raise ValueError(f"{found[0]}: this image's file is not there") from None

    def _table(self, name: str) -> Table:
        return Table(self._connection, f"SELECT * FROM {name}")  # noqa: S608 (our own names)


def open_place(place: str | None = None) -> Place:
    """Open a place: its folder, or the one that VIDSET_PLACE or the nearest vidset.toml names.

    What was extracted and labeled since the last time comes to its warehouse first, as with
    `vidset sql`.

    Raises:
        vidset.project.NoPlaceError: there is no such place, or it is in a bucket.
        ValueError: nothing was extracted there.
    """
    from vidset.api.bringing import bring_place

    project = find_project(place)
    project.folder("vidset.open")
    if "://" in project.warehouse:
        raise NoPlaceError(
            f"{project.warehouse}: wanted a warehouse in a folder, which this one is not",
            "Ask it with its own tools.",
        )
    letters = bring_place(project)
    return Place(project, [f"{each.uri}: {each.reason}" for each in letters])
