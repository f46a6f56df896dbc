"""The entry points of the functions. Settings are checked when the process starts."""

import os

import functions_framework
from cloudevents.http import CloudEvent
from flask import Request, Response

from vidset.labeling import entry_points
from vidset.labeling.broker import open_broker
from vidset.labeling.places import refuse_originals
from vidset.labeling.settings import Settings, Use

# Set by the platform and by functions-framework --target.
_TARGET = os.environ.get("FUNCTION_TARGET")
_USES: dict[str | None, Use] = {"request_labeling": "request", "receive_annotation": "receive"}
_USE = _USES.get(_TARGET, "dispatch")
_SETTINGS = Settings.from_environment(os.environ, _USE)
if _USE != "receive":
    refuse_originals(_SETTINGS)
_BROKER = open_broker(_SETTINGS)


@functions_framework.cloud_event
def request_labeling(event: CloudEvent) -> None:
    """Triggered by the Pub/Sub topic of the images bucket's notifications."""
    entry_points.request_labeling(_BROKER, event)


@functions_framework.http
def receive_annotation(request: Request) -> Response:
    """Called by the labeling vendor."""
    return entry_points.receive_annotation(_BROKER, request)


@functions_framework.http
def reconcile(request: Request) -> Response:
    """Called by a timer."""
    return entry_points.run_reconcile(_BROKER, request)
