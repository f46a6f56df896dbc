"""`vidset label quarantine`: what vendors sent and could not be used, shown and read again."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from vidset.cli.console import say
from vidset.labeling.broker import Broker, open_broker
from vidset.labeling.errors import InvalidAnswerError
from vidset.labeling.places import open_store
from vidset.labeling.quarantine import OPEN, read_payload, resolve
from vidset.labeling.receiving import Delivery, receive
from vidset.labeling.stores.store import Query, Store
from vidset.labeling.timestamps import format_timestamp, now, parse_timestamp
from vidset.labeling.vendors.registry import vendors
from vidset.labeling.vendors.vendor import Report
from vidset.place import Place


def run_quarantine(
    place: Place, name: str | None, *, replay: bool, dismiss: bool, as_json: bool, quiet: bool
) -> int:
    """The exit code: 1 when something that was read again cannot be used still.

    Raises:
        ValueError: bad usage, or there is none of this name.
    """
    if dismiss and (replay or not name):
        raise ValueError("--dismiss wants a NAME, and no --replay")
    settings = place.settings("inspect")
    broker = open_broker(settings) if replay else None
    store = broker.store if broker else open_store(settings.store)
    found = [_entry(store, name)] if name else list_quarantine(store)
    if broker:
        return _replay(broker, found, as_json=as_json, quiet=quiet)
    if dismiss and name:
        resolve(store, name, now())
    if as_json:
        print(json.dumps(found[0] | {"payload": _text(store, name)} if name else found))
    elif not quiet:
        _show(found)
        if name and not dismiss:
            say(_text(store, name))
    return 0


def list_quarantine(store: Store) -> list[dict[str, Any]]:
    """What somebody has still to look at, the oldest first."""
    found = [
        _without_payload(one.id, one.document) for one in store.find(Query("quarantine", OPEN))
    ]
    return sorted(found, key=lambda entry: entry["received_at"])


def replay_payload(broker: Broker, name: str, vendor: str) -> Counter[str]:
    """Store what a payload says, as if it came now; it stays open if it cannot be used again.

    Raises:
        InvalidAnswerError: it is no answer of the vendor's.
    """
    payload = read_payload(broker.store, name)
    reports = _reports(vendor, payload)
    # First: what cannot be used again opens it again.
    resolve(broker.store, name, broker.clock())
    counts: Counter[str] = Counter()
    try:
        for report in reports:
            counts += receive(broker, Delivery(vendor, report, payload))
    except BaseException:
        resolve(broker.store, name, None)
        raise
    return counts


def _reports(vendor: str, payload: bytes) -> list[Report]:
    declaration = vendors().get(vendor)
    if declaration is None or not (declaration.callback or declaration.read_task):
        raise InvalidAnswerError(f"no vendor {vendor!r} sends answers")
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise InvalidAnswerError(f"no JSON: {error}") from None
    # What `reconcile` reads is a vendor's task, not a callback.
    is_task = isinstance(body, dict) and not {"action", "task"} & body.keys()
    read_task = declaration.read_task if is_task else None
    try:
        reports = declaration.callback.read(body) if declaration.callback else []
    except InvalidAnswerError:
        if read_task is None:
            raise
        reports = []
    if not reports and read_task:
        reports = [report for report in [read_task(body)] if report]
    if not reports:
        raise InvalidAnswerError("it tells of no answer")
    return reports


def _replay(broker: Broker, found: list[dict[str, Any]], *, as_json: bool, quiet: bool) -> int:
    results = []
    for entry in found:
        try:
            counts = replay_payload(broker, entry["name"], entry["vendor"])
        except InvalidAnswerError as error:
            results.append(entry | {"resolved": False, "reason": str(error)})
            continue
        after = _entry(broker.store, entry["name"])
        results.append(after | {"counts": dict(counts)})
    resolved = sum(result["resolved"] for result in results)
    if as_json:
        print(json.dumps({"resolved": resolved, "left": len(results) - resolved, "each": results}))
    elif not quiet:
        for result in results:
            said = result["reason"]
            if result["resolved"]:
                said = ", ".join(f"{n} {what}" for what, n in result["counts"].items())
            say(f"{result['name']}  {'resolved' if result['resolved'] else 'not yet'}: {said}")
        say(f"{resolved} resolved, {len(results) - resolved} left")
    return 0 if resolved == len(results) else 1


def _entry(store: Store, name: str) -> dict[str, Any]:
    [stored] = store.get(("quarantine", name))
    if stored is None or stored.document["part_of"] is not None:
        raise ValueError(f"no {name!r} is in quarantine")
    return _without_payload(stored.id, stored.document)


def _without_payload(name: str, document: Mapping[str, Any]) -> dict[str, Any]:
    received_at = format_timestamp(parse_timestamp(document["received_at"]))
    shown = {key: document[key] for key in ("vendor", "image_id", "size_bytes", "reason")}
    resolved = document["resolved_at"] is not None
    return {"name": name, "received_at": received_at, "resolved": resolved, **shown}


def _show(found: list[dict[str, Any]]) -> None:
    for entry in found:
        received, image = entry["received_at"][:19].replace("T", " "), entry["image_id"]
        say(f"{entry['name']}  {received}  {entry['vendor']}  image {image or 'unknown'}")
        say(f"    {entry['reason']}")
    say(f"{len(found)} in quarantine")


def _text(store: Store, name: str) -> str:
    return read_payload(store, name).decode(errors="replace")
