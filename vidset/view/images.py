"""Single images as the page shows them, and where their pictures are."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from vidset.view.catalog import Catalog
from vidset.view.thumbnails import Picture

_KEYS_AT_ONCE = 5_000
_PICTURES = "SELECT n, image_id, COALESCE(image_sha256, image_id) AS key, image_uri AS uri"


def find_pictures(catalog: Catalog, numbers: Sequence[int]) -> list[Picture]:
    """Return where the pictures of images are, in the order of the numbers."""
    rows = catalog.rows(f"{_PICTURES} FROM kept WHERE list_contains(?, n)", [list(numbers)])
    found = {row["n"]: Picture(**row) for row in rows}
    return [found[n] for n in numbers if n in found]


def find_by_hash(catalog: Catalog, image_sha256: str) -> Picture | None:
    """Return where the picture of the image with this hash is; None if there is none."""
    rows = catalog.rows(f"{_PICTURES} FROM kept WHERE image_sha256 = ? LIMIT 1", [image_sha256])
    return Picture(**rows[0]) if rows else None


def iter_keys(catalog: Catalog) -> Iterator[list[tuple[int, str]]]:
    """Yield number and key of all images, some at once, in the order in which the grid shows them.

    All of them would take more memory than the answers to questions.
    """
    return catalog.batches(
        "SELECT n, COALESCE(image_sha256, image_id) FROM kept "
        "ORDER BY video_uri, generation, pts_seconds",
        _KEYS_AT_ONCE,
    )


def describe_image(catalog: Catalog, n: int) -> dict[str, Any] | None:
    """All that is known of an image; None if there is none of this number."""
    return next(iter(describe_all(catalog, [n])), None)


def describe_all(catalog: Catalog, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """All that is known of some images, in the order of the numbers."""
    rows = catalog.rows(
        "SELECT * REPLACE (CAST(uploaded_at AS TEXT) AS uploaded_at, "
        "CAST(updated_at AS TEXT) AS updated_at) FROM images WHERE list_contains(?, n)",
        [list(numbers)],
    )
    chosen = catalog.rows(
        "SELECT image_id, selection, made_at, actor, rank, strategy, score, reason FROM selected "
        "WHERE list_contains(?, image_id) ORDER BY made_at DESC, selection DESC",
        [[row["image_id"] for row in rows]],
    )
    of_image: dict[str, list[dict[str, Any]]] = {}
    for each in chosen:
        of_image.setdefault(each.pop("image_id"), []).append(each)
    found = {
        row["n"]: {**_with_objects(row), "selections": of_image.get(row["image_id"], [])}
        for row in rows
    }
    return [found[n] for n in numbers if n in found]


def describe_images(catalog: Catalog, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """Returns what the grid draws over thumbnails: labels, objects, tags, size."""
    rows = catalog.rows(
        "SELECT n, width, height, labels, tags, state, objects, predicted, scores FROM images "
        "WHERE list_contains(?, n)",
        [list(numbers)],
    )
    return list(map(_with_objects, rows))


def numbers_of(catalog: Catalog, column: str, values: Sequence[str]) -> list[int]:
    """Return the numbers of the images with these values of image_id or image_sha256, in order."""
    if column not in ("image_id", "image_sha256"):
        raise ValueError(f"wanted image_id or image_sha256, got {column!r}")
    rows = catalog.rows(
        f"SELECT n, {column} AS value FROM kept WHERE list_contains(?, {column})",  # noqa: S608
        [list(values)],
    )
    found = {row["value"]: row["n"] for row in rows}
    return [found[value] for value in values if value in found]


def ids_of(catalog: Catalog, numbers: Sequence[int]) -> list[str]:
    """Return the ids of images, which tags are kept by."""
    rows = catalog.rows(
        "SELECT image_id FROM kept WHERE list_contains(?, n) ORDER BY n",
        [list(numbers)],
    )
    return [row["image_id"] for row in rows]


def collector_days(catalog: Catalog) -> list[dict[str, Any]]:
    """Returns what each collector's videos of each day gave; see the view collector_scorecard."""
    return catalog.rows(
        "SELECT COALESCE(videos.collector_id, '(none)') AS collector, "
        "CAST(CAST(videos.uploaded_at AS DATE) AS TEXT) AS day, "
        "COUNT(DISTINCT (videos.video_uri, videos.generation)) AS videos, "
        "COUNT(DISTINCT CASE WHEN status = 'failed' THEN videos.video_uri END) AS failed, "
        "COUNT(samples.n) AS samples, COUNT(*) FILTER (samples.kept) AS kept, "
        "AVG(CAST(reason = 'near_duplicate' AS INT)) AS duplicate_rate, "
        "AVG(CAST(reason = 'blurred' AS INT)) AS blurred_rate, "
        "AVG(CAST(reason IN ('dark', 'bright') AS INT)) AS exposure_rate, "
        "AVG(sharpness) AS sharpness, AVG(brightness) AS brightness "
        "FROM videos LEFT JOIN samples ON samples.video_uri = videos.video_uri "
        "AND samples.generation = videos.generation GROUP BY 1, 2 ORDER BY 1, 2"
    )


def count_states(catalog: Catalog, table: str) -> dict[str, int]:
    """Count the rows of `tasks` or `annotations` by state."""
    found = catalog.rows(f"SELECT state, COUNT(*) AS number FROM {table} GROUP BY 1 ORDER BY 1")  # noqa: S608
    return {row["state"]: row["number"] for row in found}


def spent_by_day(catalog: Catalog) -> list[dict[str, Any]]:
    """Returns what labeling cost, by day and vendor."""
    return catalog.rows(
        "SELECT CAST(CAST(requested_at AS DATE) AS TEXT) AS day, vendor, COUNT(*) AS tasks, "
        "SUM(cost) AS cost FROM tasks GROUP BY 1, 2 ORDER BY 1, 2"
    )


def _with_objects(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its objects as documents, those of a model with their scores."""
    predicted = json.loads(row["predicted"] or "[]")
    scores = row.pop("scores") or [None] * len(predicted)
    return {
        **row,
        "objects": json.loads(row["objects"] or "[]"),
        "predicted": [
            {**each, "score": score} for each, score in zip(predicted, scores, strict=True)
        ],
    }
