"""Turns what a page asks into SQL: which images the grid shows, and in which order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb
import numpy as np

from vidset.view.catalog import Catalog
from vidset.warehouse.asking import check_question

# What a page may filter by: one of several values, or a range of numbers or times.
LISTS = {
    "label": "labels",
    "predicted": "predicted_labels",
    "tag": "tags",
    "selection": "selections",
}
VALUES = ("collector_id", "video_uri", "split", "state", "annotator", "run")
# What a page asks for without offering a list of it.
KEYS = ("image_sha256",)
TIMES = ("uploaded_at", "updated_at")
RANGES = (
    *("pts_seconds", "brightness", "sharpness", "object_count"),
    *("score", "uncertainty", "selection_score"),
    *TIMES,
)
SORTS = {
    "video": "video_uri, generation, pts_seconds",
    "newest": "uploaded_at DESC, video_uri, generation, pts_seconds",
    "sharpest": "sharpness DESC, n",
    "blurred": "sharpness, n",
    "bright": "brightness DESC, n",
    "dark": "brightness, n",
    "objects": "object_count DESC, n",
    "labeled": "updated_at DESC NULLS LAST, n",
    "alike": "alike_images DESC, alike, video_uri, generation, pts_seconds",
    "unsure": "uncertainty DESC NULLS LAST, n",
    "rank": "rank NULLS LAST, n",
}
_NONE = "(none)"
_LONGEST_SECONDS = 10.0
_MOST_VALUES, _MOST_CHARACTERS = 1_000, 4_000


@dataclass(frozen=True, slots=True)
class Filter:
    """The filter of a page's question.

    Attributes:
        values: by column, of which an image must have one; "(none)" stands for no value.
        ranges: by column, the least and the highest, each of which may be None.
        condition: a condition in SQL that a person typed.
        one_of_alike: of images that look alike only the first.
    """

    values: Mapping[str, list[str]]
    ranges: Mapping[str, tuple[Any, Any]]
    condition: str = ""
    sort: str = "video"
    one_of_alike: bool = False

    @classmethod
    def from_json(cls, data: Any) -> "Filter":
        """Raises ValueError: it asks for something else."""
        if not isinstance(data, dict):
            raise ValueError("wanted an object with what to filter by")
        values, ranges = data.get("values", {}), data.get("ranges", {})
        if not (isinstance(values, dict) and isinstance(ranges, dict)):
            raise ValueError("wanted values and ranges by column")
        known = {*LISTS, *VALUES, *KEYS}
        for name, chosen in values.items():
            if name not in known or not _is_list_of_text(chosen):
                raise ValueError(f"wanted a list of texts for one of {sorted(known)}, got {name!r}")
        for name, bounds in ranges.items():
            if name not in RANGES or not isinstance(bounds, list) or len(bounds) != 2:
                raise ValueError(f"wanted two bounds for one of {list(RANGES)}, got {name!r}")
            _check_bounds(name, bounds)
        sort, condition = data.get("sort", "video"), data.get("condition", "")
        if sort not in SORTS:
            raise ValueError(f"wanted an order of {list(SORTS)}, got {sort!r}")
        if not isinstance(condition, str) or len(condition) > _MOST_CHARACTERS:
            raise ValueError(f"wanted a condition of at most {_MOST_CHARACTERS} characters")
        pairs = {name: (bounds[0], bounds[1]) for name, bounds in ranges.items()}
        return cls(values, pairs, condition.strip(), sort, bool(data.get("one_of_alike", False)))


def find_images(catalog: Catalog, wanted: Filter) -> np.ndarray:
    """Return the numbers of the images that pass, in order: (k,) uint32.

    Raises:
        ValueError: the condition is no condition, or takes too long.
    """
    return _find(catalog, wanted, "n")["n"]


def find_groups(catalog: Catalog, wanted: Filter) -> np.ndarray:
    """Return the images that pass, in order, and the group of each: (2, k) uint32.

    Raises:
        ValueError: the condition is no condition, or takes too long.
    """
    found = _find(catalog, wanted, "n, alike")
    return np.stack([found["n"], found["alike"]])


def _find(catalog: Catalog, wanted: Filter, columns: str) -> dict[str, np.ndarray]:
    if wanted.sort == "alike" or wanted.one_of_alike:
        catalog.group_alike()
    sql, parameters = _query(wanted, columns)
    with catalog.limited(_LONGEST_SECONDS) as cursor:
        try:
            if wanted.condition:
                check_question(cursor, _condition_alone(wanted.condition))
                check_question(cursor, sql)
            found = cursor.execute(sql, parameters).fetchnumpy()
        except duckdb.InterruptException:
            raise ValueError(f"the condition took longer than {_LONGEST_SECONDS:g} s") from None
        except duckdb.Error as error:
            raise ValueError(f"the condition: {error}") from None
    return {name: np.asarray(values, np.uint32) for name, values in found.items()}


def count_facets(catalog: Catalog) -> dict[str, list[Any]]:
    """Count the images by each value that can be filtered by, the most frequent first.

    `ranges` are the numbers and times that some image has.
    """
    facets: dict[str, list[Any]] = _count_values(catalog)
    for name in "label", "predicted", "tag":
        facets[name] = catalog.rows(
            f"SELECT value, COUNT(*) AS images FROM (SELECT UNNEST({LISTS[name]}) AS value "  # noqa: S608
            f"FROM images) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {_MOST_VALUES}"
        )
    [known] = catalog.rows(
        f"SELECT {', '.join(f'COUNT({name}) AS {name}' for name in RANGES)} FROM images"  # noqa: S608
    )
    ranges = [name for name, number in known.items() if number]
    return {**facets, "selection": _count_selections(catalog), "ranges": ranges}


def _count_values(catalog: Catalog) -> dict[str, list[dict[str, Any]]]:
    """Count the images by each column of `VALUES`, all in one reading of them."""
    names = ", ".join(VALUES)
    found = catalog.rows(
        f"SELECT {names}, GROUPING_ID({names}) AS missing, COUNT(*) AS images FROM images "  # noqa: S608
        f"GROUP BY GROUPING SETS ({', '.join(f'({name})' for name in VALUES)})"
    )
    counts: dict[str, list[dict[str, Any]]] = {name: [] for name in VALUES}
    for row in found:
        # A bit for each column, the first one highest: of the one that was counted it is not set.
        name = next(n for at, n in enumerate(reversed(VALUES)) if not row["missing"] >> at & 1)
        value = _NONE if row[name] is None else row[name]
        counts[name].append({"value": value, "images": row["images"]})
    for each in counts.values():
        each.sort(key=lambda count: (-count["images"], count["value"]))
        del each[_MOST_VALUES:]
    return counts


def _count_selections(catalog: Catalog) -> list[dict[str, Any]]:
    """Count the images that selections chose, the newest selection first."""
    return catalog.rows(
        "SELECT selection AS value, COUNT(*) AS images, any_value(made_at) AS made_at, "
        "any_value(actor) AS actor FROM selected "
        "SEMI JOIN kept ON kept.image_id = selected.image_id "
        "GROUP BY 1 ORDER BY made_at DESC, value LIMIT ?",
        [_MOST_VALUES],
    )


def _query(wanted: Filter, columns: str) -> tuple[str, list[Any]]:
    conditions, parameters = ["true"], []
    for name, chosen in wanted.values.items():
        if name in LISTS:
            either = ["list_has_any(" + LISTS[name] + ", ?)"]
            if _NONE in chosen:
                either.append(f"len({LISTS[name]}) = 0")
        else:
            either = [f"list_contains(?, {name})"]
            if _NONE in chosen:
                either.append(f"{name} IS NULL")
        conditions.append(f"({' OR '.join(either)})")
        parameters.append(chosen)
    for name, bounds in wanted.ranges.items():
        for bound, sign in zip(bounds, (">=", "<="), strict=True):
            if bound is not None:
                conditions.append(f"{name} {sign} ?")
                parameters.append(_moment(bound) if name in TIMES else bound)
    if wanted.condition:
        conditions.append(f"(\n{wanted.condition}\n)")
    order = SORTS[wanted.sort]
    alike = (
        f"QUALIFY row_number() OVER (PARTITION BY alike ORDER BY {order}) = 1"
        if wanted.one_of_alike
        else ""
    )
    where = " AND ".join(conditions)
    sql = f"SELECT {columns} FROM images WHERE {where} {alike} ORDER BY {order}"  # noqa: S608
    return sql, parameters


def _condition_alone(condition: str) -> str:
    """A statement that parses only if the condition does, by itself, within its parentheses."""
    return f"SELECT (\n{condition}\n) FROM images"  # noqa: S608


def _check_bounds(name: str, bounds: list[Any]) -> None:
    """Raises ValueError: a bound is no number, or no time in ISO 8601."""
    for bound in bounds:
        if bound is None:
            continue
        if name in TIMES:
            _moment(bound)
        elif isinstance(bound, bool) or not isinstance(bound, int | float):
            raise ValueError(f"wanted numbers as bounds of {name}, got {bound!r}")


def _moment(bound: Any) -> datetime:
    """A time of ISO 8601; one without a zone is of UTC."""
    found = datetime.fromisoformat(str(bound))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _is_list_of_text(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= _MOST_VALUES
        and all(isinstance(each, str) for each in value)
    )
