"""`vidset label quarantine`: what vendors sent and could not be used, shown and read again."""

from typing import Any

from vidset.cli.console import answer, say
from vidset.cli.label.results import Quarantined
from vidset.labeling.broker import Broker, open_broker
from vidset.labeling.errors import InvalidAnswerError
from vidset.labeling.quarantine import resolve
from vidset.labeling.stores.opening import open_store
from vidset.labeling.timestamps import now
from vidset.local_labeling.quarantine import (
    list_quarantine,
    payload_text,
    quarantined,
    replay_payload,
)
from vidset.next_step import next_words
from vidset.place import Place
from vidset.project import Project


def run_quarantine(
    project: Project,
    place: Place,
    name: str | None,
    *,
    replay: bool,
    dismiss: bool,
    actor: str,
    as_json: bool,
    quiet: bool,
) -> int:
    """Show, dismiss or read again. Returns 1 when something still cannot be used, else 0.

    Raises:
        ValueError: bad usage, or there is none of this name.
    """
    if dismiss and (replay or not name):
        raise ValueError("--dismiss wants a NAME, and no --replay")
    settings = place.settings("inspect")
    broker = open_broker(settings) if replay else None
    store = broker.store if broker else open_store(settings.store)
    found = [quarantined(store, name)] if name else list_quarantine(store)
    if broker:
        return _replay(project, broker, found, as_json=as_json, quiet=quiet)
    if dismiss and name:
        resolve(store, name, now(), actor)
    text = payload_text(store, name) if name else None

    def show() -> None:
        _show(found)
        if text is not None and not dismiss:
            say(text)

    result = Quarantined(project.place, found, text)
    words = next_words(project, "label quarantine")
    if dismiss:
        words = "vidset label quarantine"
    elif found:
        words = (
            f"vidset label quarantine {name} --replay"
            if name
            else "vidset label quarantine --replay"
        )
    answer(result, show, as_json=as_json, quiet=quiet, project=project, next_words=words)
    return 0


def _replay(
    project: Project,
    broker: Broker,
    found: list[dict[str, Any]],
    *,
    as_json: bool,
    quiet: bool,
) -> int:
    results = []
    for entry in found:
        try:
            counts = replay_payload(broker, entry["name"], entry["vendor"])
        except InvalidAnswerError as error:
            results.append(entry | {"resolved": False, "reason": str(error)})
            continue
        after = quarantined(broker.store, entry["name"])
        results.append(after | {"counts": dict(counts)})
    resolved = sum(result["resolved"] for result in results)

    def show() -> None:
        for result in results:
            said = result["reason"]
            if result["resolved"]:
                said = ", ".join(f"{n} {what}" for what, n in result["counts"].items())
            say(f"{result['name']}  {'resolved' if result['resolved'] else 'not yet'}: {said}")
        say(f"{resolved} resolved, {len(results) - resolved} left")

    answer(
        Quarantined(project.place, results, resolved=resolved, left=len(results) - resolved),
        show,
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words="vidset label status",
    )
    return 0 if resolved == len(results) else 1


def _show(found: list[dict[str, Any]]) -> None:
    for entry in found:
        received = entry["received_at"][:19].replace("T", " ")
        image = entry["image_uri"] or entry["image_id"] or "unknown"
        say(f"{entry['name']}  {received}  {entry['vendor']}")
        say(f"    {image}")
        say(f"    {entry['reason']}")
    say(f"{len(found)} in quarantine")
