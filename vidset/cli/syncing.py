"""The place's labels in its warehouse, as they are now."""

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vidset.cli.console import show_problems, working
from vidset.project import Project

if TYPE_CHECKING:
    from vidset.lineage.bringing import Lineage


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


def find_lineage(out: str | None, warehouse: str) -> "Lineage | None":
    """Return what brings the versions and runs of a place; None where it has none.

    What reads them needs more than the part `warehouse`, so that it is imported only then.
    """
    if out is None or "://" in out:
        return None
    place = Path(out)
    if not any((place / name).is_dir() for name in ("datasets/versions", "runs")):
        return None
    from vidset.lineage.bringing import Lineage

    return Lineage(place.absolute(), warehouse)


def has_rows(project: Project) -> bool:
    """Tell whether a place in a folder has anything that `bring_all` brings."""
    names = ("videos", "datasets/versions", "runs")
    return project.is_folder and any(os.path.isdir(project.below(name)) for name in names)


def bring_all(project: Project, *, show: bool) -> None:
    """Bring ledgers, what was labeled, versions and runs to a warehouse in a folder.

    Raises:
        ValueError: the place has none of these.
    """
    from vidset.warehouse.open import open_warehouse

    if not os.path.isdir(project.below("videos")):
        lineage = find_lineage(project.place, project.warehouse)
        if lineage is not None and not lineage.is_brought():
            with working("Reading versions", show=show):
                warehouse = open_warehouse(project.warehouse)
                warehouse.prepare()
                lineage.bring(warehouse)
        if lineage is not None:
            return
    from vidset.intake.dead_letters import put_dead_letter
    from vidset.storage.open import open_store
    from vidset.warehouse.sync import Places, Request, bring_nothing, is_synced, sync

    file = (project.store or "").removeprefix("sqlite:")
    is_missing = file != project.store and not os.path.exists(file)
    store = None if is_missing else project.store
    request = Request(out=project.place, store=store, warehouse=project.warehouse)
    places = Places.of(request)
    lineage = find_lineage(request.out, places.warehouse)
    if is_synced(request, places) and (lineage is None or lineage.is_brought()):
        return
    with working("Reading labels", show=show):
        summary = sync(
            request,
            places,
            partial(put_dead_letter, open_store(places.dead_letters)),
            lineage.bring if lineage else bring_nothing,
        )
    show_problems(f"{letter.uri}: {letter.reason}" for letter in summary.letters[:10])
