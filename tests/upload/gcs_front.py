"""Uploads as Cloud Storage documents them, before fake-gcs-server.

fake-gcs-server takes every chunk as the next one, makes an object of what is there when it is asked
how far it is, forgets preconditions on these uploads and compares no checksum. Everything else is
its own, the finished objects as well.
https://cloud.google.com/storage/docs/performing-resumable-uploads
"""

import base64
import json
import re
import threading
import uuid
from dataclasses import dataclass, field
from email.message import Message
from urllib.parse import parse_qs, quote, urlsplit

import google_crc32c

from tests.upload.proxy import Answer, Proxy, Request

_UNIT = 256 << 10  # What is persisted of an unfinished upload is a multiple of this.
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")


@dataclass
class _Session:
    bucket: str
    resource: dict
    condition: str
    data: bytearray = field(default_factory=bytearray)
    done: Answer | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class GcsFront(Proxy):
    """Attributes:
    sessions: those under way, by their ids; a test may lose them.
    """

    def __init__(self, upstream: str):
        super().__init__(upstream)
        self.sessions: dict[str, _Session] = {}

    def respond(self, request: Request) -> Answer:
        url = urlsplit(request.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        if query.get("uploadType") == "multipart":
            return _refusal_of(request) or super().respond(request)
        if query.get("uploadType") != "resumable":
            return super().respond(request)
        if request.method == "POST":
            return self._begin(request, url.path.split("/")[-2], query)
        session = self.sessions.get(query["upload_id"])
        if session is None:
            return _error(404, "no such session")
        with session.lock:
            return self._put(request, session)

    def _begin(self, request: Request, bucket: str, query: dict[str, str]) -> Answer:
        if self._get(f"/storage/v1/b/{bucket}").status == 404:
            return _error(404, "The specified bucket does not exist.")
        resource = json.loads(request.body)
        name = quote(resource["name"], safe="")
        exists = self._get(f"/storage/v1/b/{bucket}/o/{name}").status == 200
        is_new = query.get("ifGenerationMatch") == "0"
        if is_new and exists:
            return _error(412, "At least one of the pre-conditions you specified did not hold.")
        token = uuid.uuid4().hex
        self.sessions[token] = _Session(bucket, resource, "&ifGenerationMatch=0" * is_new)
        path = f"/upload/storage/v1/b/{bucket}/o?uploadType=resumable&upload_id={token}"
        return Answer(200, {"Location": self.url + path})

    def _put(self, request: Request, session: _Session) -> Answer:
        if session.done:
            return session.done
        match = _RANGE.fullmatch(request.headers.get("Content-Range", ""))
        if match is None:
            return _error(400, "no Content-Range")
        if match[1] is not None:
            start, total = int(match[1]), int(match[3])
            if start > len(session.data):
                return _error(503, "the first bytes are missing")
            # What it has already stays as it is.
            session.data += request.body[len(session.data) - start :]
            if len(session.data) == total and request.is_whole:
                return self._finish(session)
            del session.data[len(session.data) // _UNIT * _UNIT :]
        received = {"Range": f"bytes=0-{len(session.data) - 1}"} if session.data else {}
        return Answer(308, received)

    def _finish(self, session: _Session) -> Answer:
        data = bytes(session.data)
        if refusal := _wrong_checksum(session.resource, data):
            session.data.clear()
            return refusal
        answer = self._insert(session, data)
        if answer.status == 200:
            session.done = answer
        return answer

    def _insert(self, session: _Session, data: bytes) -> Answer:
        """In one request, whose precondition fake-gcs-server heeds."""
        kind = session.resource["contentType"]
        body = b"".join(
            [
                b"--cut\r\nContent-Type: application/json\r\n\r\n",
                json.dumps(session.resource).encode(),
                f"\r\n--cut\r\nContent-Type: {kind}\r\n\r\n".encode(),
                data,
                b"\r\n--cut--\r\n",
            ]
        )
        path = f"/upload/storage/v1/b/{session.bucket}/o?uploadType=multipart{session.condition}"
        headers = _headers({"Content-Type": "multipart/related; boundary=cut"})
        return super().respond(Request("POST", path, headers, body))

    def _get(self, path: str) -> Answer:
        return super().respond(Request("GET", path, _headers({})))


def _refusal_of(request: Request) -> Answer | None:
    """What is wrong with an upload in one request, whose parts stand between boundaries."""
    if not request.is_whole:
        return None
    boundary = request.headers["Content-Type"].partition("boundary=")[2].strip('"').encode()
    _, described, media, _ = request.body.split(b"--" + boundary)
    resource = json.loads(described.partition(b"\r\n\r\n")[2])
    return _wrong_checksum(resource, media.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n"))


def _wrong_checksum(resource: dict, data: bytes) -> Answer | None:
    crc32c = base64.b64encode(google_crc32c.Checksum(data).digest()).decode()
    if (said := resource.get("crc32c")) == crc32c:
        return None
    return _error(400, f"Provided CRC32C {said} doesn't match calculated CRC32C {crc32c}.")


def _headers(values: dict[str, str]) -> Message:
    message = Message()
    for name, value in values.items():
        message[name] = value
    return message


def _error(status: int, message: str) -> Answer:
    body = json.dumps({"error": {"code": status, "message": message}}).encode()
    return Answer(status, {"Content-Type": "application/json"}, body)
