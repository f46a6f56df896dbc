"""The columns by which an exported page filters and sorts images, without a server."""

from collections.abc import Iterator, Sequence
from typing import Any

from vidset.view.catalog import Catalog
from vidset.view.filters import LISTS, RANGES, SORTS, TIMES, VALUES


def number_images(catalog: Catalog) -> list[int]:
    """Return the catalog's numbers of all images; their places here are their numbers there."""
    catalog.group_alike()
    rows = catalog.rows(f"SELECT n FROM images ORDER BY {SORTS['video']}, n")  # noqa: S608
    return [row["n"] for row in rows]


def read_columns(catalog: Catalog, numbers: Sequence[int]) -> dict[str, Any]:
    """Return what images are filtered by, each column in the order of the numbers.

    A column of texts has its `values` and, for each image, the place `at` which its value stands
    among them, -1 for none; a column of lists has a list of such places.
    """
    lists = ", ".join(LISTS.values())
    # Times in milliseconds, as JavaScript counts them.
    ranges = [f"epoch_us({each}) / 1000.0 AS {each}" if each in TIMES else each for each in RANGES]
    names = ", ".join([*VALUES, "alike", *ranges])
    found = catalog.rows(f"SELECT n, {names}, {lists} FROM images")  # noqa: S608
    by_number = {row["n"]: row for row in found}
    rows = [by_number[n] for n in numbers]
    return {
        "images": len(rows),
        "values": {name: _coded([row[name] for row in rows]) for name in VALUES},
        "alike": [row["alike"] for row in rows],
        "lists": {name: _coded_lists([row[LISTS[name]] for row in rows]) for name in LISTS},
        "numbers": {name: [row[name] for row in rows] for name in RANGES},
    }


def read_orders(catalog: Catalog, numbers: Sequence[int]) -> Iterator[tuple[str, list[int]]]:
    """Yield each order that the page knows, and the images in it, by their places."""
    place = {n: at for at, n in enumerate(numbers)}
    for name, order in SORTS.items():
        rows = catalog.rows(f"SELECT n FROM images ORDER BY {order}")  # noqa: S608
        yield name, [place[row["n"]] for row in rows]


def read_hashes(catalog: Catalog, numbers: Sequence[int]) -> list[str | None]:
    """Return the images' hashes, in the order of the numbers."""
    found = {row["n"]: row["h"] for row in catalog.rows("SELECT n, image_sha256 AS h FROM images")}
    return [found[n] for n in numbers]


def _coded(values: Sequence[str | None]) -> dict[str, Any]:
    places: dict[str, int] = {}
    at = [-1 if each is None else places.setdefault(each, len(places)) for each in values]
    return {"values": list(places), "at": at}


def _coded_lists(values: Sequence[Sequence[str]]) -> dict[str, Any]:
    places: dict[str, int] = {}
    at = [[places.setdefault(each, len(places)) for each in some] for some in values]
    return {"values": list(places), "at": at}
