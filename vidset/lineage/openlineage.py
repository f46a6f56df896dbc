"""OpenLineage events: what a catalogue outside is told when a command has made something.

Off unless the variable VIDSET_OPENLINEAGE names an emitter: `http`, which sends to the server in
OPENLINEAGE_URL, or one of an installed package by the entry point group `vidset.openlineage`. An
emitter is a function that takes an event, a dict as https://openlineage.io/spec/2-0-2/OpenLineage.json
has it, and raises OSError or ValueError where it cannot be delivered.
"""

import json
import os
import urllib.request
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import entry_points
from typing import Any

from vidset.suggestions import unknown
from vidset.versions import vidset_version

Event = dict[str, Any]
Emitter = Callable[[Event], None]
GROUP, VARIABLE = "vidset.openlineage", "VIDSET_OPENLINEAGE"
_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_PRODUCER = "https://pypi.org/project/vidset/"
_SECONDS = 10


def complete_event(
    place: str,
    job: str,
    inputs: Iterable[str],
    outputs: Iterable[str],
    facts: Mapping[str, Any] | None = None,
) -> Event:
    """Return the event that says that a job has ended well.

    Args:
        place: the namespace of job and datasets.
        job: the command's words, such as "dataset create".
        inputs, outputs: names below the place, such as versions/4f1c..., runs/v0-1, or uris.
        facts: what else is said of the run.
    """
    facet = {"_producer": _PRODUCER, "_schemaURL": _SCHEMA, **(facts or {})}
    return {
        "eventType": "COMPLETE",
        "eventTime": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "producer": f"{_PRODUCER}{vidset_version() or ''}",
        "schemaURL": _SCHEMA,
        "run": {"runId": str(uuid.uuid4()), "facets": {"vidset": facet}},
        "job": {"namespace": place, "name": f"vidset {job}"},
        "inputs": [_dataset(place, name) for name in inputs],
        "outputs": [_dataset(place, name) for name in outputs],
    }


def open_emitter(environment: Mapping[str, str] = os.environ) -> Emitter | None:
    """Return what events are sent by; None where nobody has asked for them.

    Raises:
        ValueError: there is no emitter of this name, or `http` has no OPENLINEAGE_URL.
    """
    name = environment.get(VARIABLE)
    if not name or name == "off":
        return None
    if name == "http":
        return _http(environment)
    found = {point.name: point for point in entry_points(group=GROUP)}
    if name not in found:
        raise ValueError(f"{VARIABLE}: {unknown('emitter', name, ['http', *found])}")
    return found[name].load()


def emit(event: Callable[[], Event], warn: Callable[[str], None]) -> None:
    """Send an event, if there is somebody to send it to.

    The work is done, so that an event that cannot be delivered is a warning.

    Args:
        event: makes it.
    """
    try:
        if emitter := open_emitter():
            emitter(event())
    except (OSError, ValueError) as error:
        warn(f"the OpenLineage event was not delivered: {error}")


def _dataset(place: str, name: str) -> dict[str, str]:
    """Name a dataset as https://openlineage.io/docs/spec/naming does."""
    if name.startswith("/"):
        return {"namespace": "file", "name": name}
    scheme, separator, rest = name.partition("://")
    if separator:
        bucket, _, path = rest.partition("/")
        return {"namespace": f"{scheme}://{bucket}", "name": path}
    return {"namespace": place, "name": name}


def _http(environment: Mapping[str, str]) -> Emitter:
    url, key = environment.get("OPENLINEAGE_URL"), environment.get("OPENLINEAGE_API_KEY")
    if not url or not url.startswith(("https://", "http://")):
        raise ValueError(f"{VARIABLE}=http: wanted OPENLINEAGE_URL as http(s)://..., got {url!r}")

    def send(event: Event) -> None:
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(  # noqa: S310 (http or https, see above)
            f"{url.rstrip('/')}/api/v1/lineage", json.dumps(event).encode(), headers
        )
        with urllib.request.urlopen(request, timeout=_SECONDS):  # noqa: S310 # nosec B310
            pass

    return send
