"""A review counted: how many images of each category, what share they are, what helps."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vidset.datasets.curation.fixes import Fix, Fixes, parse_fixes
from vidset.datasets.errors import DatasetError, FaultsError
from vidset.datasets.versions.repository import write_atomically
from vidset.regular_files import read_regular_text
from vidset.training.reviewing.categories import Category, parse_categories


@dataclass(frozen=True, slots=True, eq=False)
class Reviewed:
    """A review's version, and its counts (see `count_decisions`).

    Attributes:
        for_annotators: how many images go back to the annotators.
    """

    version: str
    counts: dict[str, Any]
    for_annotators: int


def write_fixes(decisions: Path, errors: Path, fixes: Path, actor: str | None = None) -> Reviewed:
    """Count a review and write its fixes.

    Args:
        decisions: the file that the page of `vidset errors` saved.
        errors: the folder that `vidset errors` wrote.
        fixes: where the fixes go, for `vidset dataset fix`.
        actor: who decided, for the fixes; None takes whom the decisions name.

    Raises:
        DatasetError: a file is not there or not what it should be, or the decisions are on another
            version.
        FaultsError: single decisions cannot be counted; each is named.
    """
    given = parse_fixes(_read(decisions), str(decisions))
    path = errors / "errors.json"
    try:
        shown = json.loads(_read(path))
        origins = {image["image_sha256"]: image["origin"] for image in shown["shown"]}
        version, kinds = shown["version"], shown["categories"]
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{path}: wanted what vidset errors writes: {error!r}") from None
    categories = parse_categories(kinds, str(path))
    if given.version != version:
        raise DatasetError(
            f"{decisions}: is of version {given.version}, {errors} of version {version}"
        )
    check_decisions(given.fixes, origins, categories)
    # By the collected image, so that they fit every version which was made of it.
    of_origins = (replace(fix, image_sha256=origins[fix.image_sha256]) for fix in given.fixes)
    made = Fixes(version, tuple(of_origins), actor or given.actor)
    text = json.dumps(made.to_json(), indent=1, ensure_ascii=False)
    write_atomically(fixes, text.encode())
    return Reviewed(
        version,
        count_decisions(given.fixes, len(origins), categories),
        sum(fix.is_for_annotators for fix in made.fixes),
    )


def check_decisions(
    fixes: Sequence[Fix], images: Collection[str], categories: Sequence[Category]
) -> None:
    """Check that a review is of these images, and in these categories.

    Args:
        images: the image_sha256 of each image that was shown.

    Raises:
        FaultsError: decisions are on other images, in other categories, or twice on one image;
            each is named.
    """
    remedies = {category.name: category.remedy for category in categories}
    seen: set[str] = set()
    faults = []
    for fix in fixes:
        if fix.image_sha256 not in images:
            faults.append(f"{fix}: this image was not shown")
        elif fix.category is not None and fix.category not in remedies:
            known = ", ".join(remedies)
            faults.append(f"{fix}: wanted a category of {known}, got {fix.category!r}")
        elif fix.image_sha256 in seen:
            faults.append(f"{fix}: decided twice")
        seen.add(fix.image_sha256)
    if faults:
        raise FaultsError(f"{len(faults)} of {len(fixes)} decisions cannot be counted", faults)


def count_decisions(
    fixes: Sequence[Fix], shown: int, categories: Sequence[Category]
) -> dict[str, Any]:
    """Return JSON-able counts. Percentages are of the decided images: 28 of 798 are 3.5.

    Args:
        shown: how many images were there to decide on.
    """
    decided = len(fixes)

    def line(images: Sequence[Fix]) -> dict[str, Any]:
        return {"images": len(images), "percent": percent(len(images), decided)}

    by_name = {
        category.name: line([fix for fix in fixes if fix.category == category.name])
        for category in categories
    }
    return {
        "shown": shown,
        "decided": decided,
        "undecided": shown - decided,
        "right": line([fix for fix in fixes if fix.category is None and fix.action == "keep"]),
        "categories": [
            {"name": each.name, "remedy": each.remedy, **by_name[each.name]}
            for each in sorted(categories, key=lambda one: -by_name[one.name]["images"])
        ],
        "remedies": {
            remedy: line([fix for fix in fixes if _remedy(fix, categories) == remedy])
            for remedy in dict.fromkeys(category.remedy for category in categories)
        },
        "actions": {
            action: line([fix for fix in fixes if fix.action == action])
            for action in ("relabel", "remove", "keep")
        },
    }


def percent(part: int, whole: int) -> float:
    """Return the share in percent, to one decimal; 0 where there is nothing."""
    return round(100 * part / whole, 1) if whole else 0.0


def _remedy(fix: Fix, categories: Sequence[Category]) -> str | None:
    return next((each.remedy for each in categories if each.name == fix.category), None)


def _read(path: Path) -> str:
    try:
        return read_regular_text(path)
    except OSError as error:
        raise DatasetError(f"{path}: {error}") from None
    except ValueError as error:  # It begins with the path.
        raise DatasetError(str(error)) from None
