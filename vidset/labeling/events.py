"""Cloud Storage notifications, as Pub/Sub delivers them to a function, to images.

The format is JSON_API_V1: https://cloud.google.com/storage/docs/pubsub-notifications.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from vidset.labeling.task import Image

# <video name>/<generation>/<milliseconds, 10 digits or more>.jpg, as vidset/naming.py makes it.
# Lone surrogates are in no name of Cloud Storage's, and cannot be stored.
_IMAGE_NAME = re.compile(r"[^\ud800-\udfff]+/[^/\ud800-\udfff]+/[0-9]{10,}\.jpg")
_SIDE = re.compile("[1-9][0-9]{0,5}")


def image_id(place: str) -> str:
    """Names the image's documents: 32 hex digits. `place` is `<bucket>/<object name>`."""
    return hashlib.sha256(place.encode()).hexdigest()[:32]


def image_of_event(data: Any, images: str, copies: str | None = None) -> Image | str:
    """The image that a CloudEvent's data tell of, or why they tell of none of ours.

    Args:
        data: of google.cloud.pubsub.topic.v1.messagePublished.
        images: gs://bucket[/prefix], where our images are.
        copies: where their blurred copies are, of which alone events are taken. The image is the
            original, which has the same name below `images`.
    """
    message = data.get("message") if isinstance(data, Mapping) else None
    attributes = message.get("attributes") if isinstance(message, Mapping) else None
    if not (isinstance(message, Mapping) and isinstance(attributes, Mapping)):
        return "no Pub/Sub message with attributes"
    if attributes.get("eventType") != "OBJECT_FINALIZE":
        return f"event type {attributes.get('eventType')!r}"
    bucket, name = attributes.get("bucketId"), attributes.get("objectId")
    if not (isinstance(bucket, str) and isinstance(name, str)):
        return "no bucketId and objectId"
    sent, place = copies or images, f"{bucket}/{name}"
    root = sent.removeprefix("gs://") + "/"
    if not place.startswith(root):
        return f"gs://{place} is not below {sent}"
    below = place.removeprefix(root)
    if not _IMAGE_NAME.fullmatch(below):
        return f"gs://{place} is not named like an image"
    original = f"{images.removeprefix('gs://')}/{below}"
    width, height = _size(message.get("data"))
    return Image(image_id(original), f"gs://{original}", width, height)


def _size(encoded: Any) -> tuple[int | None, int | None]:
    """Reads the size from metadata, where the ingest job puts it. Others' images may have none."""
    try:
        resource = json.loads(base64.b64decode(encoded or "", validate=True) or "{}")
    except (ValueError, TypeError, RecursionError):
        return None, None
    metadata = resource.get("metadata") if isinstance(resource, dict) else None
    if not isinstance(metadata, dict):
        return None, None
    width, height = (str(metadata.get(key)) for key in ("width", "height"))
    if not (_SIDE.fullmatch(width) and _SIDE.fullmatch(height)):
        return None, None
    return int(width), int(height)
