"""Brings what a place knows to its warehouse, which questions and tables are answered from."""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vidset.project import Project

if TYPE_CHECKING:
    from vidset.elements import DeadLetter
    from vidset.lineage.bringing import Lineage


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


def bring_place(project: Project) -> "Sequence[DeadLetter]":
    """Bring ledgers, labels, versions and runs to a warehouse in a folder, unless they are there.

    Returns:
        Documents that could not be read.

    Raises:
        ValueError: the place has none of these.
    """
    from vidset.warehouse.open import open_warehouse

    if not os.path.isdir(project.below("videos")):
        lineage = find_lineage(project.place, project.warehouse)
        if lineage is not None and not lineage.is_brought():
            warehouse = open_warehouse(project.warehouse)
            warehouse.prepare()
            lineage.bring(warehouse)
        if lineage is not None:
            return ()
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
        return ()
    summary = sync(
        request,
        places,
        partial(put_dead_letter, open_store(places.dead_letters)),
        lineage.bring if lineage else bring_nothing,
    )
    return summary.letters
