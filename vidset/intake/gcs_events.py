"""Cloud Storage notifications to uploads.

The format is JSON_API_V1: https://cloud.google.com/storage/docs/pubsub-notifications. The message's
data is the object's resource, and its attributes repeat what matters.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from vidset.elements import Upload
from vidset.errors import MalformedEventError
from vidset.uploads import EventFilter, PassedOver, collector_of, is_video


def parse_event(
    data: bytes, attributes: Mapping[str, str], wanted: EventFilter, source: str
) -> Upload | PassedOver:
    """Read the upload that a message tells of, or why it is passed over.

    Raises:
        MalformedEventError: it is no such notification; its uri is `source`, the subscription.
    """
    event_type = _attribute(attributes, "eventType", source)
    if event_type != "OBJECT_FINALIZE":
        return "event_type"
    resource = _resource(data, attributes, source)
    bucket, name = (_text(resource, key, source) for key in ("bucket", "name"))
    for key, value in (("bucketId", bucket), ("objectId", name)):
        if _attribute(attributes, key, source) != value:
            raise MalformedEventError(
                f"attribute {key} is {attributes[key]!r}, but the payload says {value!r}", source
            )
    generation, size = (_number(resource, key, source) for key in ("generation", "size"))
    content_type = resource.get("contentType")
    if content_type is not None and not isinstance(content_type, str):
        reason = f"the payload's contentType must be a text, got {content_type!r}"
        raise MalformedEventError(reason, source)
    uri = f"gs://{bucket}/{name}"
    if reason := wanted.passes_over(bucket, name, uri):
        return reason
    if not is_video(name, content_type):
        return "content_type"
    return Upload(
        uri=uri,
        name=name,
        generation=generation,
        size_bytes=int(size),
        collector_id=wanted.collector_id
        or collector_of(name, resource.get("metadata"), wanted.prefix),
        event=event_text(data, attributes),
    )


def event_text(data: bytes, attributes: Mapping[str, str]) -> str:
    """A message as JSON, so that `event_message` gives it back byte by byte."""
    try:
        body = {"data": data.decode()}
    except UnicodeDecodeError:
        body = {"data_base64": base64.b64encode(data).decode()}
    return json.dumps({"attributes": dict(attributes), **body}, sort_keys=True)


def event_message(event: str) -> tuple[bytes, dict[str, str]]:
    """The data and the attributes of the message that `event_text` kept."""
    message = json.loads(event)
    if "data_base64" in message:
        return base64.b64decode(message["data_base64"]), message["attributes"]
    return message["data"].encode(), message["attributes"]


def _resource(data: bytes, attributes: Mapping[str, str], source: str) -> dict[str, Any]:
    payload_format = _attribute(attributes, "payloadFormat", source)
    if payload_format != "JSON_API_V1":
        reason = f"wanted payloadFormat JSON_API_V1, got {payload_format!r}"
        raise MalformedEventError(reason, source)
    try:
        resource = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedEventError(f"the payload is not JSON: {error}", source) from None
    if not isinstance(resource, dict):
        reason = f"the payload must be an object's resource, got a {type(resource).__name__}"
        raise MalformedEventError(reason, source)
    return resource


def _attribute(attributes: Mapping[str, str], key: str, source: str) -> str:
    if key not in attributes:
        raise MalformedEventError(f"no attribute {key}: not a Cloud Storage notification", source)
    return attributes[key]


def _text(resource: dict[str, Any], key: str, source: str) -> str:
    value = resource.get(key)
    if not isinstance(value, str) or not value:
        raise MalformedEventError(f"the payload's {key} must be a text, got {value!r}", source)
    try:
        value.encode()
    except UnicodeEncodeError:  # JSON can escape half a character.
        reason = f"the payload's {key} must be Unicode, got {value!a}"
        raise MalformedEventError(reason, source) from None
    return value


def _number(resource: dict[str, Any], key: str, source: str) -> str:
    """Cloud Storage writes 64-bit integers as texts."""
    value = resource.get(key)
    if isinstance(value, bool) or not (str(value).isascii() and str(value).isdigit()):
        raise MalformedEventError(f"the payload's {key} must be a number, got {value!r}", source)
    return str(value)
