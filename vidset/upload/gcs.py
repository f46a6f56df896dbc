"""Cloud Storage by its JSON API's resumable uploads.

https://cloud.google.com/storage/docs/performing-resumable-uploads. The client library's own upload
cannot go on in another process.
"""

import base64
import os
import re
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import google.auth
import requests
from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError
from google.auth.transport.requests import AuthorizedSession

from vidset.upload.destination import Piece, Presence, Session, Target, next_in_order
from vidset.upload.errors import (
    AlreadyThereError,
    RefusedError,
    SessionGoneError,
    SessionRefusedError,
    TimedOutError,
    TransientError,
    UploadFailedError,
    kind_of,
)
from vidset.upload.pacing import Body
from vidset.upload.settings import Place
from vidset.upload.source import Source

_HOST = "https://storage.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_CONNECT_SECONDS = 20.0
_UNIT_BYTES = 256 << 10  # All pieces but the last are a multiple of it.
_FIELDS = "size,crc32c,generation"
_RESUME_INCOMPLETE = 308
_FOREIGN = "an answer that is not Cloud Storage's: does a proxy or a login page stand between?"
_RANGE = re.compile(r"(?:bytes=)?0-(\d+)")


class GcsDestination:
    """A bucket. STORAGE_EMULATOR_HOST leads to an emulator, without credentials."""

    def __init__(self, place: Place):
        self._place, self._answer_seconds = place, 60.0
        self._host = os.environ.get("STORAGE_EMULATOR_HOST", "").rstrip("/") or _HOST
        # Bytes go to the session's address, which is itself the permission: no token is sent along.
        self._bytes = requests.Session()
        self._api: requests.Session = self._bytes if self._host != _HOST else _authorized()

    def wait_for(self, seconds: float) -> None:
        self._answer_seconds = seconds

    def find(self, target: Target) -> Presence:
        name = quote(self._place.prefix + target.name, safe="")
        url = f"{self._host}/storage/v1/b/{self._place.root}/o/{name}"
        answer = self._request(self._api, "GET", url, params={"fields": _FIELDS})
        if answer.status_code == 404:
            return "absent"
        if answer.status_code in (401, 403):
            return "unknown"
        if answer.status_code != 200:
            raise UploadFailedError(_said("asking for the object", answer))
        return "same" if _is_same(_resource(answer), target) else "unverified"

    def open(
        self, target: Target, source: Source, token: str | None, remember: Callable[[str], None]
    ) -> Session:
        if token is None:
            token = self._begin(target)
            remember(token)
            return _GcsSession(self, token, target, source, 0)
        headers = {"Content-Range": f"bytes */{target.size_bytes}"}
        answer = self.put(token, headers, None)
        if answer.status_code in (200, 201):
            resource = _resource(answer)
            return _GcsSession(self, token, target, source, target.size_bytes, resource)
        return _GcsSession(self, token, target, source, received(answer))

    def put(self, token: str, headers: dict[str, str], body: Body | None) -> requests.Response:
        """To the session; the answer is 200, 201 or 308."""
        answer = self._request(self._bytes, "PUT", token, headers=headers, data=body)
        if answer.status_code in (200, 201, _RESUME_INCOMPLETE):
            return answer
        # 400: the checksum of all the bytes that came differs from what we said.
        if answer.status_code in (400, 404, 410):
            raise SessionGoneError(_said("sending", answer))
        if answer.status_code == 412:
            raise AlreadyThereError
        if answer.status_code in (401, 403):
            raise SessionRefusedError(_said("sending", answer))
        raise UploadFailedError(_said("sending", answer))

    def _begin(self, target: Target) -> str:
        url = f"{self._host}/upload/storage/v1/b/{self._place.root}/o"
        name = self._place.prefix + target.name
        answer = self._request(
            self._api,
            "POST",
            url,
            params={
                "uploadType": "resumable",
                "name": name,
                "ifGenerationMatch": "0",
                "fields": _FIELDS,
            },
            headers={
                "X-Upload-Content-Type": target.content_type,
                "X-Upload-Content-Length": str(target.size_bytes),
            },
            json={
                "name": name,
                "contentType": target.content_type,
                "metadata": dict(target.metadata),
                "crc32c": _encoded(target),  # Other bytes do not become an object.
            },
        )
        if answer.status_code == 200:
            location = answer.headers.get("Location", "")
            if not location.startswith(("https://", "http://")):
                raise TransientError(_FOREIGN)
            return location
        if answer.status_code == 412:
            raise AlreadyThereError
        if answer.status_code == 404:
            raise RefusedError(f"there is no bucket gs://{self._place.root}", is_final=True)
        if answer.status_code in (401, 403):
            what = f"this account may not create {self._place.uri(target.name)}"
            raise RefusedError(_said(what, answer))
        raise UploadFailedError(_said("beginning the upload", answer))

    def _request(
        self, session: requests.Session, method: str, url: str, **options: Any
    ) -> requests.Response:
        with _as_ours():
            answer = session.request(
                method,
                url,
                timeout=(_CONNECT_SECONDS, self._answer_seconds),
                allow_redirects=False,
                **options,
            )
        status = answer.status_code
        if status in (408, 429) or status >= 500:
            raise TransientError(_said("Cloud Storage", answer), is_answer=True)
        if 300 <= status < 400 and status != _RESUME_INCOMPLETE:
            raise TransientError(_FOREIGN)
        return answer


class _GcsSession:
    smallest_piece_bytes = _UNIT_BYTES

    def __init__(
        self,
        destination: GcsDestination,
        token: str,
        target: Target,
        source: Source,
        offset: int,
        resource: dict[str, Any] | None = None,
    ):
        self._destination, self._token, self._target = destination, token, target
        self._block_bytes, self._offset, self._resource = source.block_bytes, offset, resource

    @property
    def received_bytes(self) -> int:
        return self._offset

    def next_piece(self) -> Piece | None:
        return next_in_order(self._offset, self._target.size_bytes, self._block_bytes)

    def send(self, piece: Piece, body: Body) -> None:
        last, size = piece.end - 1, self._target.size_bytes
        headers = {"Content-Range": f"bytes {piece.start}-{last}/{size}"}
        answer = self._destination.put(self._token, headers, body)
        if answer.status_code == _RESUME_INCOMPLETE:
            self._offset = received(answer)
            if self._offset <= piece.start:  # Not at once again: it costs, on a mobile network.
                raise TransientError(
                    "Cloud Storage has taken none of what was sent", is_answer=True
                )
        else:
            self._offset, self._resource = size, _resource(answer)

    def finish(self) -> bool:
        if self._resource is None:  # It has all bytes and no object: as if it had lost some.
            raise TransientError("Cloud Storage has all bytes and does not say what they became")
        return _is_same(self._resource, self._target)

    def close(self) -> None:
        pass  # It lives at the store.


def received(answer: requests.Response) -> int:
    """How many bytes the store says it has; none without a Range."""
    match = _RANGE.fullmatch(answer.headers.get("Range", ""))
    return int(match[1]) + 1 if match else 0


def _resource(answer: requests.Response) -> dict[str, Any]:
    """What the store says of the object."""
    try:
        resource = answer.json()
    except ValueError:
        resource = None
    if not isinstance(resource, dict) or "size" not in resource:
        raise TransientError(_FOREIGN)
    return resource


def _is_same(resource: dict[str, Any], target: Target) -> bool:
    """Whether there was a checksum to compare.

    Raises:
        UploadFailedError: it is another object.
    """
    size, checksum = resource.get("size"), resource.get("crc32c")
    ours = (str(target.size_bytes), _encoded(target))
    if (str(size), checksum or ours[1]) != ours:
        raise UploadFailedError(
            f"the object has other content: wanted {ours[0]} bytes with CRC32C {ours[1]}, "
            f"got {size} with {checksum}"
        )
    return checksum is not None


def _encoded(target: Target) -> str:
    return base64.b64encode(target.digests.crc32c).decode()


def _authorized() -> AuthorizedSession:
    try:
        credentials, _ = google.auth.default(scopes=[_SCOPE])
    except DefaultCredentialsError as error:
        raise ValueError(f"no credentials for gs://: {error}") from None
    return AuthorizedSession(credentials)


@contextmanager
def _as_ours():
    """Errors of the clients in our words: theirs would show the session's address."""
    try:
        yield
    except RefreshError as error:
        if error.retryable:
            raise TransientError("the account's token cannot be renewed now") from None
        what = f"the account's token cannot be renewed: {error}"
        raise RefusedError(what, is_final=True) from None
    except TransportError:
        raise TransientError("no connection to renew the account's token") from None
    except requests.exceptions.ReadTimeout as error:
        raise TimedOutError(f"no answer from Cloud Storage ({kind_of(error)})") from None
    except (
        requests.exceptions.ConnectionError,
        requests.exceptions.Timeout,
        requests.exceptions.ChunkedEncodingError,
    ) as error:
        raise TransientError(f"no connection to Cloud Storage ({kind_of(error)})") from None
    except requests.exceptions.RequestException:
        raise  # An address that is none: wrong usage.
    except OSError as error:  # The file of certificates that the environment names.
        raise RefusedError(str(error), is_final=True) from None


def _said(what: str, answer: requests.Response) -> str:
    """The status, and the server's own message."""
    try:
        message = answer.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = answer.reason or ""
    return f"{what}: {answer.status_code} {str(message)[:300]}".rstrip()
