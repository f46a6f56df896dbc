"""List what vendors sent and could not be used, and read it again."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from vidset.labeling.broker import Broker
from vidset.labeling.errors import InvalidAnswerError
from vidset.labeling.quarantine import OPEN, read_payload, resolve
from vidset.labeling.receiving import Delivery, receive
from vidset.labeling.stores.store import Key, Query, Store
from vidset.labeling.timestamps import format_timestamp, parse_timestamp
from vidset.labeling.vendors.registry import vendors
from vidset.labeling.vendors.vendor import Report

_LOOKUPS = 300


def list_quarantine(store: Store) -> list[dict[str, Any]]:
    """Returns what somebody has still to look at, the oldest first."""
    found = [
        _without_payload(one.id, one.document) for one in store.find(Query("quarantine", OPEN))
    ]
    return sorted(_with_uris(store, found), key=lambda entry: entry["received_at"])


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


def quarantined(store: Store, name: str) -> dict[str, Any]:
    """Return one entry. Raises ValueError: there is none of this name."""
    [stored] = store.get(("quarantine", name))
    if stored is None or stored.document["part_of"] is not None:
        raise ValueError(f"no {name!r} is in quarantine")
    [found] = _with_uris(store, [_without_payload(stored.id, stored.document)])
    return found


def _with_uris(store: Store, entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say of each entry where its image is; None where there is no task of it."""
    ids = sorted({entry["image_id"] for entry in entries if entry["image_id"]})
    uris: dict[str, str] = {}
    for start in range(0, len(ids), _LOOKUPS):
        keys: list[Key] = [("tasks", id_) for id_ in ids[start : start + _LOOKUPS]]
        uris |= {task.id: task.document["image_uri"] for task in store.get(*keys) if task}
    return [entry | {"image_uri": uris.get(entry["image_id"])} for entry in entries]


def _without_payload(name: str, document: Mapping[str, Any]) -> dict[str, Any]:
    received_at = format_timestamp(parse_timestamp(document["received_at"]))
    shown = {key: document[key] for key in ("vendor", "image_id", "size_bytes", "reason")}
    resolved = document["resolved_at"] is not None
    return {"name": name, "received_at": received_at, "resolved": resolved, **shown}


def payload_text(store: Store, name: str) -> str:
    """Return what the vendor sent, as text."""
    return read_payload(store, name).decode(errors="replace")
