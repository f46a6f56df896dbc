"""S3 event messages to uploads: MinIO's, AWS's and Ceph's.

The format is https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html:
JSON with `Records`, the object's key url-encoded in each. MinIO adds `EventName` and `Key` around
it, and each object's content type and metadata.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from vidset.elements import Upload
from vidset.errors import MalformedEventError
from vidset.intake.gcs_events import event_text
from vidset.uploads import EventFilter, PassedOver, collector_of, is_video

# With "s3:" before it in MinIO's. The last ones leave the bytes as they are.
_CREATED = "ObjectCreated:"
_NOT_BYTES = ("PutTagging", "DeleteTagging", "PutRetention", "PutLegalHold")
# What AWS sends once, when notifications are configured.
_TEST = "s3:TestEvent"


def parse_s3_events(
    data: bytes, attributes: Mapping[str, str], wanted: EventFilter, source: str
) -> list[Upload | PassedOver]:
    """Read the upload that each record tells of, or why it is passed over.

    Their generations are unknown: S3 has none that a reader could pin.

    Raises:
        MalformedEventError: it is no such message; its uri is `source`, the queue.
    """
    try:
        message = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedEventError(f"the message is not JSON: {error}", source) from None
    if not isinstance(message, dict):
        reason = f"the message must be an object with Records, got a {type(message).__name__}"
        raise MalformedEventError(reason, source)
    try:
        json.dumps(message, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:  # JSON can escape half a character.
        reason = f"the message's texts must be Unicode: {error.reason}"
        raise MalformedEventError(reason, source) from None
    if message.get("Event") == _TEST:
        return ["event_type"]
    records = message.get("Records")
    if not isinstance(records, list) or not records:
        raise MalformedEventError("no Records: not an S3 event message", source)
    event = event_text(data, attributes)
    return [_parse_record(record, event, wanted, source) for record in records]


def _parse_record(record: Any, event: str, wanted: EventFilter, source: str) -> Upload | PassedOver:
    name = _text(record, source, "eventName").removeprefix("s3:")
    if not name.startswith(_CREATED) or name.removeprefix(_CREATED) in _NOT_BYTES:
        return "event_type"
    bucket = _text(record, source, "s3", "bucket", "name")
    key = _unquoted(_text(record, source, "s3", "object", "key"), source)
    uri = f"s3://{bucket}/{key}"
    if reason := wanted.passes_over(bucket, key, uri):
        return reason
    found = record["s3"]["object"]
    content_type = found.get("contentType")
    if content_type is not None and not isinstance(content_type, str):
        reason = f"the record's s3.object.contentType must be a text, got {content_type!r}"
        raise MalformedEventError(reason, source)
    if not is_video(key, content_type):
        return "content_type"
    size = found.get("size")
    return Upload(
        uri=uri,
        name=key,
        size_bytes=size if isinstance(size, int) else None,
        collector_id=wanted.collector_id or collector_of(key, _metadata(found), wanted.prefix),
        event=event,
    )


def _text(record: Any, source: str, *path: str) -> str:
    value = record
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, str) or not value:
        reason = f"the record's {'.'.join(path)} must be a text, got {value!r}"
        raise MalformedEventError(reason, source)
    return value


def _unquoted(key: str, source: str) -> str:
    try:
        name = unquote_plus(key, errors="strict")
    except UnicodeDecodeError:
        reason = f"the record's s3.object.key must be url-encoded UTF-8, got {key!a}"
        raise MalformedEventError(reason, source) from None
    return name


def _metadata(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """MinIO's, as header names: `X-Amz-Meta-Collector_id`, or with hyphens."""
    metadata = found.get("userMetadata")
    if not isinstance(metadata, dict):
        return None
    return {
        name.lower().removeprefix("x-amz-meta-").replace("-", "_"): value
        for name, value in metadata.items()
    }
