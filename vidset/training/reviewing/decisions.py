"""A review counted: how many images of each category, what share they are, what helps."""

from collections.abc import Collection, Sequence
from typing import Any

from vidset.datasets.curation.fix import Fix
from vidset.datasets.errors import FaultsError
from vidset.training.reviewing.categories import Category


def check_decisions(
    fixes: Sequence[Fix], images: Collection[str], categories: Sequence[Category]
) -> None:
    """Whether a review is of these images, and in these categories.

    Args:
        images: image_sha256 of what was shown.

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
    """JSON-able counts. Percentages are of the decided images: 28 of 798 are 3.5.

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
    """To one decimal; 0 of nothing."""
    return round(100 * part / whole, 1) if whole else 0.0


def _remedy(fix: Fix, categories: Sequence[Category]) -> str | None:
    return next((each.remedy for each in categories if each.name == fix.category), None)
