"""The three functions, on what Cloud Functions hands to them: events and HTTP requests."""

import hmac
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from cloudevents.http import CloudEvent
from flask import Request, Response, jsonify
from werkzeug.exceptions import ServiceUnavailable

from vidset.labeling.broker import Broker
from vidset.labeling.dispatching import dispatch
from vidset.labeling.errors import InvalidAnswerError, TryAgainError
from vidset.labeling.events import image_of_event
from vidset.labeling.ledgers import open_ledger
from vidset.labeling.quarantine import quarantine
from vidset.labeling.receiving import Delivery, receive
from vidset.labeling.reconciling import reconcile
from vidset.labeling.task import Image
from vidset.labeling.vendors.declaration import Callback
from vidset.labeling.vendors.registry import vendors


def request_labeling(broker: Broker, event: CloudEvent) -> None:
    """An image was finalised: have it labeled, unless images wait until they are chosen.

    Raises:
        ServiceUnavailable: the delivery is to be repeated; so it is for anything else raised.
    """
    settings = broker.settings
    image = image_of_event(event.get_data(), settings.images or "", settings.copies)
    if isinstance(image, str):
        log("DEBUG", "passed over", reason=image)
        return
    if settings.is_held and broker.store.get(("tasks", image.id)) == [None]:
        log("DEBUG", "held until it is chosen", image_id=image.id)
        return
    try:
        outcome = dispatch(broker, image)
    except TryAgainError as error:
        log("WARNING", "not yet", image_id=image.id, reason=str(error))
        # Pub/Sub backs off as its subscription says; the task's due_at keeps the vendor's wish.
        raise ServiceUnavailable(str(error), retry_after=_seconds(error)) from None
    severity = {"refused": "ERROR", "held": "WARNING"}.get(outcome, "INFO")
    log(severity, outcome, image_id=image.id, image_uri=image.uri)


def receive_annotation(broker: Broker, request: Request) -> Response:
    """A vendor's answer. 2xx for all that is stored, in the quarantine at worst."""
    if request.method != "POST":
        return _error(405, "POST an answer")
    found = _authenticated(broker, request)
    if found is None:
        return _error(401, "no valid secret")
    vendor, callback = found
    if request.mimetype != "application/json":
        return _error(415, f"wanted application/json, got {request.mimetype or 'no type'}")
    limit = broker.settings.max_callback_bytes
    payload = _read(request, limit)
    if payload is None:
        return _error(413, f"wanted at most {limit} bytes, got {request.content_length or 'more'}")
    try:
        reports = callback.read(_json(payload))
    except InvalidAnswerError as error:
        now = broker.clock()
        quarantine(broker.store, payload, vendor=vendor, reason=str(error), image_id=None, now=now)
        log("ERROR", "quarantined", vendor=vendor, reason=str(error))
        return jsonify({"quarantined": 1})
    counts: Counter[str] = Counter()
    for report in reports:
        counts += receive(broker, Delivery(vendor, report, payload))
    severity = "ERROR" if counts["quarantined"] else "INFO"
    log(severity, "received", vendor=vendor, image_ids=[r.image_id for r in reports], **counts)
    return jsonify(counts)


def run_reconcile(broker: Broker, request: Request) -> Response:
    """The timer's call. 503 when a step could not be finished: the next call goes on."""
    if request.method != "POST":
        return _error(405, "POST to reconcile")
    report = reconcile(broker, _ledger_images(broker))
    log("WARNING" if report["incomplete"] else "INFO", "reconciled", **report)
    response = jsonify(report)
    response.status_code = 503 if report["incomplete"] else 200
    return response


def log(severity: str, message: str, **fields: Any) -> None:
    """A line that Cloud Logging takes apart: https://cloud.google.com/logging/docs/structured-logging."""
    entry = {"severity": severity, "message": message, **fields}
    print(json.dumps(entry, default=str) + "\n", end="", flush=True)


def _authenticated(broker: Broker, request: Request) -> tuple[str, Callback] | None:
    """Return the vendor whose secret the request carries, and how its callbacks are read.

    Every comparison takes the same time.
    """
    found, secrets = None, broker.settings.secrets
    for vendor, declaration in vendors().items():
        callback = declaration.callback
        if callback is None:
            continue
        given = request.headers.get(callback.header, "").encode()
        for secret in secrets.get(vendor, ()):
            if hmac.compare_digest(given, secret.reveal().encode()):
                found = vendor, callback
    return found


def _read(request: Request, limit: int) -> bytes | None:
    """The body, None if it is longer, also where no header tells how long it is.

    Flask's own limit would fail in functions-framework, which reads what is left of a body.
    """
    if (request.content_length or 0) > limit:
        return None
    body = bytearray()
    while chunk := request.stream.read(limit + 1 - len(body)):
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)


def _json(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise InvalidAnswerError(f"no JSON: {error}") from None


def _ledger_images(broker: Broker) -> Iterable[Image]:
    return open_ledger(broker.settings.ledger).images() if broker.settings.ledger else ()


def _error(status: int, reason: str) -> Response:
    response = jsonify({"error": reason})
    response.status_code = status
    return response


def _seconds(error: TryAgainError) -> int | None:
    wait = error.retry_after_seconds
    return None if wait is None else max(1, round(wait))
