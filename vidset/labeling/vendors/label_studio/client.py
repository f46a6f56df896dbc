"""HTTP to a Label Studio server: its tokens, its statuses, time-outs.

The urls hold ids and titles, never an image's url: httpx logs them.
"""

import json
from collections.abc import Generator, Mapping
from typing import Any

import httpx

from vidset.labeling.errors import RefusedError, TryAgainError
from vidset.labeling.vendors.http import raise_for_status, shortened

CONNECT_SECONDS, READ_SECONDS = 5.0, 60.0
_LOGIN = "LABEL_STUDIO_TOKEN must be a user's access token or personal access token"


class NotFoundError(RefusedError):
    """Label Studio itself says that there is no such thing (404)."""


class Client:
    """Safe for use by several threads."""

    def __init__(self, url: str, token: str):
        self.url = url.rstrip("/")
        self._client = httpx.Client(
            base_url=self.url,
            auth=_RefreshedToken(self.url, token) if token.count(".") == 2 else _Token(token),
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        )

    def call(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None
    ) -> Any:
        """The JSON of the response; None when it is empty.

        Raises:
            NotFoundError: there is no such thing.
            RefusedError: another 4xx that no repetition changes.
            TryAgainError: a wrong token, a 5xx, a time-out, no connection, or no JSON.
        """
        asked = f"{method} {self.url}{path}"
        try:
            response = self._client.request(method, path, params=params, json=body)
        except httpx.RequestError as error:  # Time-outs among them.
            reason = shortened(f"{asked}: {type(error).__name__}: {error}")
            raise TryAgainError(reason) from None
        _check(response, asked)
        if not response.content:
            return None
        return _json(response, asked)


class _Token(httpx.Auth):
    """A legacy access token."""

    def __init__(self, token: str):
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        request.headers["Authorization"] = f"Token {self._token}"
        yield request


class _RefreshedToken(httpx.Auth):
    """A personal access token: a JWT, for which the server gives others that last five minutes."""

    requires_response_body = True

    def __init__(self, url: str, token: str):
        self._url, self._token, self._access = url, token, ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        if self._access:
            response = yield self._bearing(request)
            if response.status_code != httpx.codes.UNAUTHORIZED:
                return
        refresh = httpx.Request(
            "POST",
            f"{self._url}/api/token/refresh/",
            json={"refresh": self._token},
            extensions=request.extensions,  # The time-outs.
        )
        response = yield refresh
        asked = f"POST {refresh.url}"
        _check(response, asked)
        self._access = _json(response, asked)["access"]
        yield self._bearing(request)

    def _bearing(self, request: httpx.Request) -> httpx.Request:
        request.headers["Authorization"] = f"Bearer {self._access}"
        return request


def _check(response: httpx.Response, asked: str) -> None:
    status, said = response.status_code, _said(response)
    if status == httpx.codes.NOT_FOUND and said is not None:
        raise NotFoundError(shortened(f"HTTP 404: {asked}: {said}"))
    hint = f" ({_LOGIN})" if status == httpx.codes.UNAUTHORIZED else ""
    message = f"{asked}: {said or response.text}{hint}"
    raise_for_status(status, response.headers.get("Retry-After"), message)


def _said(response: httpx.Response) -> str | None:
    """Returns what Label Studio says of an error; None when the words are another server's."""
    try:
        told = response.json()
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or "detail" not in told:
        return None
    faults = told.get("validation_errors")
    return (
        f"{told['detail']}: {json.dumps(faults, ensure_ascii=False)}"
        if faults
        else str(told["detail"])
    )


def _json(response: httpx.Response, asked: str) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        raise TryAgainError(
            f"{asked}: wanted JSON, got {response.headers.get('Content-Type')!r}"
        ) from None
