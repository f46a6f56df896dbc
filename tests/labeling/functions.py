"""The functions as they are deployed: functions-framework on main.py, in a process of its own."""

import base64
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.emulators.servers import Server, serve
from tests.paths import ROOT

MAIN = ROOT / "functions/labeling_task/main.py"
SOURCE = "//pubsub.googleapis.com/projects/p/topics/images"
MESSAGE_PUBLISHED = "google.cloud.pubsub.topic.v1.messagePublished"
SUBSCRIPTION = "projects/p/subscriptions/s"
SCALE_SECRET = "test_callback_auth"  # noqa: S105


@contextmanager
def function(
    target: str,
    environment: dict[str, str],
    folder: Path,
    main: Path = MAIN,
    port: int | None = None,
) -> Iterator[Server]:
    """A running function; its log holds what it prints."""

    def command(port: int) -> list[str]:
        framework = [sys.executable, "-m", "functions_framework", "--target", target]
        return [*framework, "--source", str(main), "--host", "127.0.0.1", "--port", str(port)]

    environment = {"THREADS": "8", "GUNICORN_LOG_LEVEL": "info"} | environment
    with serve(
        target, command, "Booting worker", port=port, environment=environment, folder=folder
    ) as server:
        yield server


def scale_settings(store: str, scale_url: str, callback_url: str, **more: str) -> dict[str, str]:
    return {
        "LABELING_VENDOR": "scale",
        "LABELING_STORE": store,
        "LABELING_IMAGES": "gs://images",
        "LABELING_IMAGE_ACCESS": "https://images.test/{bucket}/{name}",
        "LABELING_CALLBACK_URL": callback_url,
        "SCALE_API_URL": scale_url,
        "SCALE_API_KEY": "test_key",
        "SCALE_CALLBACK_AUTH": SCALE_SECRET,
        **more,
    }


def message(name: str, bucket: str = "images", event_type: str = "OBJECT_FINALIZE") -> dict:
    """A notification of Cloud Storage as Pub/Sub delivers it."""
    resource = {
        "bucket": bucket,
        "name": name,
        "generation": "1",
        "contentType": "image/jpeg",
        "metadata": {"width": "640", "height": "480"},
    }
    return {
        "attributes": {
            "eventType": event_type,
            "payloadFormat": "JSON_API_V1",
            "bucketId": bucket,
            "objectId": name,
            "objectGeneration": "1",
        },
        "data": base64.b64encode(json.dumps(resource).encode()).decode(),
        "messageId": "1",
        "publishTime": "2026-03-01T12:00:00Z",
    }


def binary_event(body: dict) -> tuple[dict, bytes]:
    """Headers and body, as Eventarc delivers a CloudEvent."""
    headers = {
        "ce-id": "1",
        "ce-source": SOURCE,
        "ce-specversion": "1.0",
        "ce-type": MESSAGE_PUBLISHED,
        "content-type": "application/json",
    }
    return headers, json.dumps({"message": body, "subscription": SUBSCRIPTION}).encode()


def structured_event(body: dict) -> tuple[dict, bytes]:
    event = {
        "id": "1",
        "source": SOURCE,
        "specversion": "1.0",
        "type": MESSAGE_PUBLISHED,
        "datacontenttype": "application/json",
        "data": {"message": body, "subscription": SUBSCRIPTION},
    }
    return {"content-type": "application/cloudevents+json"}, json.dumps(event).encode()


def push_event(body: dict) -> tuple[dict, bytes]:
    """As a push subscription of Pub/Sub delivers it, without CloudEvents."""
    data = {"message": body, "subscription": SUBSCRIPTION}
    return {"content-type": "application/json"}, json.dumps(data).encode()


def post(url: str, event: tuple[dict, bytes]) -> httpx.Response:
    headers, body = event
    return httpx.post(url, headers=headers, content=body, timeout=600)
