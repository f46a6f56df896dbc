"""Reads what Cloud Storage answers: an object, how much it has, or why not."""

import base64
import re
from typing import Any

import requests

from vidset.upload.destination import Target
from vidset.upload.errors import TransientError, UploadFailedError

FOREIGN = "an answer that is not Cloud Storage's: does a proxy or a login page stand between?"
_RANGE = re.compile(r"(?:bytes=)?0-(\d+)")


def received(answer: requests.Response) -> int:
    """Returns how many bytes the store says it has; none without a Range."""
    match = _RANGE.fullmatch(answer.headers.get("Range", ""))
    return int(match[1]) + 1 if match else 0


def resource_of(answer: requests.Response) -> dict[str, Any]:
    """Returns what the store says of the object."""
    try:
        resource = answer.json()
    except ValueError:
        resource = None
    if not isinstance(resource, dict) or "size" not in resource:
        raise TransientError(FOREIGN)
    return resource


def is_same(resource: dict[str, Any], target: Target) -> bool:
    """Returns whether there was a checksum to compare.

    Raises:
        UploadFailedError: it is another object.
    """
    size, checksum = resource.get("size"), resource.get("crc32c")
    ours = (str(target.size_bytes), encoded(target))
    if (str(size), checksum or ours[1]) != ours:
        raise UploadFailedError(
            f"the object has other content: wanted {ours[0]} bytes with CRC32C {ours[1]}, "
            f"got {size} with {checksum}"
        )
    return checksum is not None


def encoded(target: Target) -> str:
    return base64.b64encode(target.digests.crc32c).decode()


def said(what: str, answer: requests.Response) -> str:
    """The status, and the server's own message."""
    try:
        message = answer.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = answer.reason or ""
    return f"{what}: {answer.status_code} {str(message)[:300]}".rstrip()
