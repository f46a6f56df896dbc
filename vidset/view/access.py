"""Decides who may ask the page's server, and what a browser may do with the answers.

The check stands before all routes. A request must name a host that the server is known by, which
keeps out pages that give this machine a name of their own (DNS rebinding); what changes something
must come from the page itself. Where the server is reached from elsewhere, a token is needed.
"""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vidset.actor import login

Right = Literal["read", "write"]
_RIGHTS: tuple[Right, ...] = ("read", "write")
_SHORTEST_TOKEN = 20
_HERE = ("127.0.0.1", "localhost", "[::1]")
_CHANGING = frozenset(("POST", "PUT", "PATCH", "DELETE"))
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A token's owner, whose name the marks get, and what the token is for."""

    name: str
    right: Right
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """The one who asks."""

    name: str
    may_write: bool


@dataclass(frozen=True, slots=True)
class Access:
    """Whom the server answers.

    Attributes:
        hosts: what a request's Host may be, with the port where there is one.
        tokens: empty: everybody who reaches the server, which must then be this machine alone.
    """

    hosts: frozenset[str]
    tokens: tuple[Token, ...] = ()

    @classmethod
    def of(cls, host: str, port: int, names: Sequence[str], tokens: Sequence[Token]) -> "Access":
        """The access to a server that listens on `host` and `port`.

        Args:
            names: further names that it is reached by, such as a proxy's "photos.example:443".
        """
        here = {*_HERE, f"[{host}]" if ":" in host else host}
        known = {f"{each}:{port}" for each in here} | {name.lower() for name in names}
        return cls(frozenset(known), tuple(tokens))


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8").splitlines()
    except UnicodeDecodeError:  # What it holds may be a token: the bytes are not told.
        raise ValueError(f"{file}: wanted tokens as a text in UTF-8, got another") from None


def read_tokens(file: Path) -> list[Token]:
    """Read tokens, one a line: a name, read or write, and the token, parted by blanks.

    Raises:
        ValueError: a line is something else; its number is named, never its token.
    """
    tokens = []
    for number, line in enumerate(_lines(file), 1):
        if not line.strip() or line.startswith("#"):
            continue
        words = line.split()
        if len(words) != 3 or words[1] not in _RIGHTS or len(words[2]) < _SHORTEST_TOKEN:
            raise ValueError(
                f"{file}, line {number}: wanted NAME read|write TOKEN, "
                f"with a token of at least {_SHORTEST_TOKEN} characters"
            )
        right: Right = "write" if words[1] == "write" else "read"
        tokens.append(Token(words[0], right, words[2]))
    if not tokens:
        raise ValueError(f"{file}: wanted at least one line NAME read|write TOKEN, got none")
    return tokens


class Guard:
    """ASGI middleware that refuses before any route is looked at."""

    def __init__(self, app: ASGIApp, access: Access):
        self._app, self._access = app, access
        self._cookie = f"vidset_{secrets.token_hex(4)}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            answer, caller = self._check(scope)
        except _RefusedError as error:
            answer, caller = PlainTextResponse(f"{error}\n", error.status), None

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = [(k.lower().encode(), v.encode()) for k, v in _HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *given]}
            await send(message)

        if answer is not None:
            await answer(scope, receive, send_with_headers)
            return
        scope["state"] = {**scope.get("state", {}), "caller": caller}
        await self._app(scope, receive, send_with_headers)

    def _check(self, scope: Scope) -> tuple[Response | None, Caller | None]:
        """Return who asks; an answer instead where the token has to leave the address."""
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        if host not in self._access.hosts:
            known = f"wanted a host that this server is known by, got {host[:100]!r}"
            raise _RefusedError(403, known)
        is_changing = scope["method"] in _CHANGING
        if not _is_own_page(headers, host, is_changing=is_changing):
            raise _RefusedError(403, "wanted a request of this page, got one of another origin")
        if not self._access.tokens:
            return None, Caller(login(), may_write=True)
        token, is_in_url = self._token(scope, headers)
        if token is None:
            raise _RefusedError(401, "wanted a token: open the address with ?token=...")
        if is_in_url:
            return self._signed_in(scope, token), None
        caller = Caller(token.name, token.right == "write")
        if is_changing and not caller.may_write:
            raise _RefusedError(403, f"the token of {token.name} is for reading")
        return None, caller

    def _token(self, scope: Scope, headers: Headers) -> tuple[Token | None, bool]:
        """Find the token of a request, and whether it stands in the address."""
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if given:
            return self._known(given), True
        bearer = headers.get("authorization", "")
        if bearer.startswith("Bearer "):
            return self._known(bearer.removeprefix("Bearer ")), False
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            morsel = None
        return (None if morsel is None else self._known(morsel.value)), False

    def _known(self, given: str) -> Token | None:
        """Compare with every token, in a time that does not depend on how much is right."""
        found = None
        for token in self._access.tokens:
            if hmac.compare_digest(token.secret.encode(), given.encode()):
                found = token
        return found

    def _signed_in(self, scope: Scope, token: Token) -> Response:
        """Move the token from the address into a cookie, so that it stands in no history."""
        query = parse_qs(scope["query_string"].decode("latin-1"))
        query.pop("token")
        rest = f"?{urlencode(query, doseq=True)}" if query else ""
        answer = RedirectResponse(f"{scope['path']}{rest}", 303)
        answer.set_cookie(
            self._cookie, token.secret, httponly=True, samesite="strict", path="/",
            secure=scope.get("scheme") == "https",
        )  # fmt: skip
        return answer


def _is_own_page(headers: Mapping[str, str], host: str, *, is_changing: bool) -> bool:
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host:
        return False
    site = headers.get("sec-fetch-site")
    if site in ("cross-site", "same-site"):
        # A link to the page may be followed from anywhere; nothing else.
        return not is_changing and headers.get("sec-fetch-mode") == "navigate"
    return True


class _RefusedError(Exception):
    def __init__(self, status: int, reason: str):
        super().__init__(reason)
        self.status = status
