"""Cloud Storage by its JSON API's resumable uploads.

https://cloud.google.com/storage/docs/performing-resumable-uploads. The client library's own upload
cannot go on in another process.
"""

import os
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import google.auth
import requests
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, TransportError
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
from vidset.upload.framing import Framed
from vidset.upload.gcs_answers import FOREIGN, encoded, is_same, received, resource_of, said
from vidset.upload.pacing import Body
from vidset.upload.settings import Place
from vidset.upload.source import Source

_HOST = "https://storage.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_CONNECT_SECONDS = 20.0
_UNIT_BYTES = 256 << 10  # All pieces but the last are a multiple of it.
_FIELDS = "size,crc32c,generation"
_RESUME_INCOMPLETE = 308


class GcsDestination:
    """A bucket. STORAGE_EMULATOR_HOST leads to an emulator, without credentials."""

    unasked_bytes = 64 << 10

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
            raise UploadFailedError(said("asking for the object", answer))
        return "same" if is_same(resource_of(answer), target) else "unverified"

    def open(
        self, target: Target, source: Source, token: str | None, remember: Callable[[str], None]
    ) -> Session:
        if token is None and target.size_bytes <= _UNIT_BYTES:  # Less is never kept of a session.
            return _SingleRequest(self, target)
        if token is None:
            token = self._begin(target)
            remember(token)
            return _GcsSession(self, token, target, source, 0)
        headers = {"Content-Range": f"bytes */{target.size_bytes}"}
        answer = self.put(token, headers, None)
        if answer.status_code in (200, 201):
            resource = resource_of(answer)
            return _GcsSession(self, token, target, source, target.size_bytes, resource)
        return _GcsSession(self, token, target, source, received(answer))

    def put(self, token: str, headers: dict[str, str], body: Body | None) -> requests.Response:
        """Sends to the session; the answer is 200, 201 or 308."""
        answer = self._request(self._bytes, "PUT", token, headers=headers, data=body)
        if answer.status_code in (200, 201, _RESUME_INCOMPLETE):
            return answer
        # 400: the checksum of all the bytes that came differs from what we said.
        if answer.status_code in (400, 404, 410):
            raise SessionGoneError(said("sending", answer))
        if answer.status_code == 412:
            raise AlreadyThereError
        if answer.status_code in (401, 403):
            raise SessionRefusedError(said("sending", answer))
        raise UploadFailedError(said("sending", answer))

    def create(self, target: Target, body: Body) -> dict[str, Any]:
        """Make the object in one request, which the bytes come with; what the store says of it."""
        framed = Framed(self._described(target), target.content_type, body)
        answer = self._post(target, "multipart", data=framed, headers=framed.headers)
        return resource_of(answer)

    def _begin(self, target: Target) -> str:
        headers = {
            "X-Upload-Content-Type": target.content_type,
            "X-Upload-Content-Length": str(target.size_bytes),
        }
        described = self._described(target)
        answer = self._post(target, "resumable", json=described, headers=headers)
        location = answer.headers.get("Location", "")
        if not location.startswith(("https://", "http://")):
            raise TransientError(FOREIGN)
        return location

    def _described(self, target: Target) -> dict[str, Any]:
        return {
            "name": self._place.prefix + target.name,
            "contentType": target.content_type,
            "metadata": dict(target.metadata),
            "crc32c": encoded(target),  # Other bytes do not become an object.
        }

    def _post(self, target: Target, kind: str, **options: Any) -> requests.Response:
        """Have an object made only where there is none; the answer is 200."""
        url = f"{self._host}/upload/storage/v1/b/{self._place.root}/o"
        name = self._place.prefix + target.name
        params = {"uploadType": kind, "name": name, "ifGenerationMatch": "0", "fields": _FIELDS}
        answer = self._request(self._api, "POST", url, params=params, **options)
        if answer.status_code == 200:
            return answer
        if answer.status_code == 412:
            raise AlreadyThereError
        if answer.status_code == 404:
            raise RefusedError(f"there is no bucket gs://{self._place.root}", is_final=True)
        if answer.status_code in (401, 403):
            what = f"this account may not create {self._place.uri(target.name)}"
            raise RefusedError(said(what, answer))
        if answer.status_code in (400, 410):  # 400: the checksum of the bytes that came differs.
            raise SessionGoneError(said("sending", answer))
        raise UploadFailedError(said("beginning the upload", answer))

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
            raise TransientError(said("Cloud Storage", answer), is_answer=True)
        if 300 <= status < 400 and status != _RESUME_INCOMPLETE:
            raise TransientError(FOREIGN)
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
            self._offset, self._resource = size, resource_of(answer)

    def finish(self) -> bool:
        if self._resource is None:  # It has all bytes and no object: as if it had lost some.
            raise TransientError("Cloud Storage has all bytes and does not say what they became")
        return is_same(self._resource, self._target)

    def close(self) -> None:
        pass  # It lives at the store.


class _SingleRequest:
    """All bytes of a small recording in the request that makes its object."""

    smallest_piece_bytes = None

    def __init__(self, destination: GcsDestination, target: Target):
        self._destination, self._target = destination, target
        self._resource: dict[str, Any] | None = None

    @property
    def received_bytes(self) -> int:
        return self._target.size_bytes if self._resource else 0

    def next_piece(self) -> Piece | None:
        return None if self._resource else Piece(0, self._target.size_bytes)

    def send(self, piece: Piece, body: Body) -> None:
        self._resource = self._destination.create(self._target, body)

    def finish(self) -> bool:
        return is_same(self._resource or {}, self._target)

    def close(self) -> None:
        pass


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
    except TransportError:
        raise TransientError("no connection to renew the account's token") from None
    except GoogleAuthError as error:  # Refused, or no file with what the token is asked for.
        if error.retryable:
            raise TransientError("the account's token cannot be renewed now") from None
        what = f"the account's token cannot be renewed: {error}"
        raise RefusedError(what, is_final=True) from None
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
