"""`vidset label status`: how far labeling is. It asks the store alone, and no vendor."""

from typing import Any

from vidset.cli.console import answer, say
from vidset.cli.label.results import LabelStatus
from vidset.labeling.stores.opening import open_store
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
    say(f"{'quarantine':15}{found['quarantine']}")


def _line(title: str, counts: dict[str, int]) -> None:
    each = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
    say(f"{title:15}{each or 'none'}")
