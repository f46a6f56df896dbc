"""Describes a place for the first page, with what the other pages ask once."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from vidset.next_step import next_words
from vidset.overview.overview import Tabled, read_overview
from vidset.tags import SUGGESTED
from vidset.troubles import DRIFT, find_drifts
from vidset.view import images, samples
from vidset.view.filters import SORTS

if TYPE_CHECKING:
    from vidset.view.app import View


def describe_overview(view: "View") -> dict[str, Any]:
    """Return what `vidset status` says, what is spent and drifts, and how commands are written."""
    project, catalog = view.project, view.catalog
    counts = samples.count_samples(catalog)
    warehouse = catalog.warehouse and catalog.warehouse.dataset
    try:
        following = None if catalog.warehouse else next_words(project)
        found = asdict(read_overview(project, ledgers=counts, tabled=_tabled(view)))
    except ValueError as error:
        following, found = None, {"place": project.place, "warnings": [str(error)]}
    if warehouse:  # `vidset sql` asks a warehouse in a folder.
        found["troubles"] = [_without_sql(each) for each in found.get("troubles", ())]
    return {
        **found,
        "problems": [*catalog.problems, *view.away],
        "next": following and project.command(following),
        "reach": project.command("").strip(),
        "drifts": list(map(asdict, find_drifts(counts.days))),
        "drift": DRIFT,
        "spent": images.spent_by_day(catalog),
        "price": project.choose("price"),
        "currency": "USD",
        "warehouse": warehouse and warehouse.uri,
        "queries": warehouse and warehouse.queries,
        "billed_bytes": warehouse and warehouse.billed_bytes,
        "has_differences": view.findings.tabled is None,
        "shows_videos": view.shows_videos,
        "suggested_tags": SUGGESTED,
        "sorts": list(SORTS),
        "epoch": catalog.epoch,
        "revision": catalog.revision,
    }


def _tabled(view: "View") -> Tabled | None:
    """Return what the overview takes from a warehouse: labels, and versions."""
    if view.catalog.warehouse is None:
        return None
    tasks, annotations = (images.count_states(view.catalog, n) for n in ("tasks", "annotations"))
    tabled = view.findings.tabled
    versions, runs = (None, None) if tabled is None else tabled.told()
    return Tabled(tasks, annotations, versions, runs)


def _without_sql(trouble: dict[str, Any]) -> dict[str, Any]:
    is_sql = trouble["command"].startswith("vidset sql")
    return {**trouble, "command": None if is_sql else trouble["command"]}
