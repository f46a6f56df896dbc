"""`vidset label status`: how far labeling is. It asks the store alone, and no vendor."""

from collections.abc import Sequence
from typing import Any

from vidset.cli.console import answer, plural, say, table
from vidset.cli.label.results import LabelStatus
from vidset.labeling.stores.opening import open_store
from vidset.local_labeling.pre_labels import OUTCOMES, PreLabels
from vidset.local_labeling.status import read_status
from vidset.next_step import next_words
from vidset.place import Place
from vidset.project import Project

_COMMAND = "label status"


def run_status(project: Project, place: Place, *, as_json: bool, quiet: bool) -> None:
    """Show how far labeling is.

    Raises:
        ValueError: the settings do not do.
    """
    settings = place.settings("inspect")
    store = open_store(settings.store)
    found = read_status(store, settings)
    store.close()
    words = "vidset label quarantine" if found["quarantine"] else next_words(project, _COMMAND)
    answer(
        LabelStatus(place=project.place, **found),
        lambda: _show(found),
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words=words,
    )


def _show(found: dict[str, Any]) -> None:
    _line("tasks", found["tasks"])
    if found["held"]:
        say(f"{'':15}{found['held']} of the requested are held back by the budget")
    for state, oldest in found["oldest"].items():
        if oldest:
            why = f" ({oldest['error']})" if oldest["error"] else ""
            since = oldest["requested_at"][:19].replace("T", " ")
            say(f"{'oldest':15}{state}, since {since} UTC: {oldest['image_uri']}{why}")
    for name, title in ("today", "booked today"), ("in_all", "booked in all"):
        tasks, cost = found["booked"][name].values()
        limits = [one for one in found["limits"] if one.endswith("/day") == (name == "today")]
        cap = f"  (limit {', '.join(limits)})" if limits else ""
        say(f"{title:15}{tasks} tasks{f', cost {cost:g}' if cost else ''}{cap}")
    _line("annotations", found["annotations"])
    if found["labels"]:
        _line("labels", found["labels"])
    if found["pre_labels"]:
        _show_pre_labels(found["pre_labels"])
    say(f"{'quarantine':15}{found['quarantine']}")


def _show_pre_labels(found: Sequence[PreLabels]) -> None:
    offered = sum(sum(getattr(each, name) for name in OUTCOMES) for each in found)
    taken, worth = sum(each.taken for each in found), sum(each.worth for each in found)
    money = f", worth {worth:,.2f} of what these images cost" if worth else ""
    say(f"{'pre-labels':15}{taken:,} of {plural(offered, 'object')} taken as they were{money}")
    columns = ("run", "label", *OUTCOMES, "added")
    rows = [[getattr(each, name) for name in columns] for each in found]
    for line in table(columns, rows).splitlines():
        say(f"{'':15}{line}")


def _line(title: str, counts: dict[str, int]) -> None:
    each = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
    say(f"{title:15}{each or 'none'}")
