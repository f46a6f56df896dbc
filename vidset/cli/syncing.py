"""The place's labels in its warehouse, as they are now."""

import os

from vidset.api.bringing import bring_place
from vidset.cli.console import show_problems, working
from vidset.project import Project


def bring_labels(project: Project, *, show: bool) -> str:
    """Bring what was labeled since the last time to the warehouse; where it is, as a source.

    Raises:
        ValueError: nothing was extracted or labeled in the place.
    """
    store = project.store
    file = (store or "").removeprefix("sqlite:")
    if file != store and not os.path.exists(file):
        raise ValueError(
            f"{project.place}: nothing is labeled here yet. Name a source, such as "
            "vidset dataset create coco:FILE, or have images labeled: vidset label dispatch"
        )
    warehouse = project.warehouse
    if warehouse.startswith("bq://"):
        return warehouse
    bring_all(project, show=show)
    return f"warehouse:{project.place if warehouse == project.below('warehouse') else warehouse}"


def has_rows(project: Project) -> bool:
    """Tell whether a place in a folder has anything that `bring_all` brings."""
    names = ("videos", "datasets/versions", "runs")
    return project.is_folder and any(os.path.isdir(project.below(name)) for name in names)


def bring_all(project: Project, *, show: bool) -> None:
    """Bring ledgers, what was labeled, versions and runs to a warehouse in a folder.

    Raises:
        ValueError: the place has none of these.
    """
    with working("Reading labels", show=show):
        letters = bring_place(project)
    show_problems(f"{letter.uri}: {letter.reason}" for letter in letters[:10])
