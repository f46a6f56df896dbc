"""Describe an object and send its bytes in one request (multipart/related).

https://cloud.google.com/storage/docs/uploading-objects#uploading-an-object, "multipart upload".
"""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from vidset.upload.pacing import Body


class Framed:
    """A body with the object's description before it, as a file that HTTP clients can send.

    Args:
        described: the object's name, checksum and metadata.
    """

    def __init__(self, described: Mapping[str, Any], content_type: str, body: Body):
        boundary = secrets.token_hex(16)  # No recording holds it but by a chance of 2 ** -128.
        kind = f'multipart/related; boundary="{boundary}"'
        self.headers = {"Content-Type": kind}
        json_part = f"--{boundary}\r\nContent-Type: application/json\r\n\r\n{json.dumps(described)}"
        self._head = f"{json_part}\r\n--{boundary}\r\nContent-Type: {content_type}\r\n\r\n".encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._body = body
        self._length = len(self._head) + len(body) + len(self._tail)

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1, /) -> bytes:
        """Give the description, then the bytes at their pace, then the end."""
        if self._head:
            part, self._head = self._head, b""
            return part
        if part := self._body.read(size):
            return part
        part, self._tail = self._tail, b""
        return part
