"""The page's catalog of a place, or of the tables of a BigQuery dataset, asked at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from vidset.project import Project
from vidset.view.catalog import Catalog
from vidset.view.watched_tables import Pace

AT_ONCE = Pace(0.0, 0.0)


@contextmanager
def catalog_of(place, uri=None) -> Iterator[Catalog]:
    made = Catalog(Project(str(place)), uri, AT_ONCE if uri else None)
    try:
        yield made
    finally:
        made.close()


def numbers_by_uri(catalog):
    rows = catalog.rows("SELECT video_uri, pts_seconds, n FROM samples")
    return {(row["video_uri"], row["pts_seconds"]): row["n"] for row in rows}
