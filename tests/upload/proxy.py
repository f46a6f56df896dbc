"""An HTTP proxy before a server, which breaks what it is told to break."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

_SLICE_BYTES = 16 << 10
# Of one connection only.
_HOP_BY_HOP = frozenset({"connection", "expect", "keep-alive", "transfer-encoding"})

Stage = Literal["before", "in the body", "before the answer"]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Message
    body: bytes = b""
    is_whole: bool = True


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Fault:
    """What goes wrong, so many times, with requests like this.

    Attributes:
        after: so many of them pass first.
        what: the stage at which the connection is cut; or the answer in the server's place.
        change: what happens to the body on its way instead.
    """

    like: Callable[[Request], bool]
    what: Stage | Answer | None = None
    times: float = 1
    after: int = 0
    change: Callable[[bytes], bytes] = bytes


class Proxy(ThreadingHTTPServer):
    """Before the server at `upstream` (host:port).

    Attributes:
        log: every request that came, in order, as far as its body came.
        on_bytes: called with the length of each slice of a body, as it comes.
    """

    daemon_threads = True

    def __init__(self, upstream: str):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = upstream
        self.faults: list[Fault] = []
        self.log: list[Request] = []
        self.on_bytes: Callable[[int], None] = lambda _: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def sent(self, like: Callable[[Request], bool]) -> list[Request]:
        return [each for each in self.log if like(each)]

    def fault_of(self, request: Request) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and fault.like(request):
                if fault.after:
                    fault.after -= 1
                    continue
                fault.times -= 1
                return fault
        return None

    def respond(self, request: Request) -> Answer:
        """What the server says. A request whose body broke off does not reach it."""
        if not request.is_whole:
            return Answer(400)
        connection = HTTPConnection(self.upstream, timeout=600)
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP_BY_HOP}
        connection.request(request.method, request.path, request.body or None, headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        kept = {k: v for k, v in answer.getheaders() if k.lower() not in _HOP_BY_HOP}
        return Answer(answer.status, kept, body)

    def handle_error(self, request, client_address) -> None:
        """Clients are killed here: that is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: Proxy
    protocol_version = "HTTP/1.1"
    # Else each answer with a body waits for 40 ms, until its head is acknowledged.
    disable_nagle_algorithm = True

    def _handle(self) -> None:
        head = Request(self.command, self.path, self.headers)
        fault = self.server.fault_of(head) or Fault(lambda _: True)
        if fault.what == "before":
            self._cut()
            return
        length = int(self.headers.get("Content-Length") or 0)
        body = self._read(length // 2 if fault.what == "in the body" else length)
        is_whole = len(body) == length
        request = Request(head.method, head.path, head.headers, fault.change(body), is_whole)
        self.server.log.append(request)
        answer = fault.what if isinstance(fault.what, Answer) else self.server.respond(request)
        if fault.what in ("in the body", "before the answer") or not is_whole:
            self._cut()
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("content-length", "date", "server"):
                self.send_header(name, value)
        is_head = self.command == "HEAD"
        size = answer.headers.get("Content-Length", "0") if is_head else str(len(answer.body))
        self.send_header("Content-Length", size)
        self.end_headers()
        self.wfile.write(b"" if is_head else answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815 - http.server's names.

    def _read(self, size: int) -> bytes:
        """As much of it as comes."""
        parts = []
        while size:
            try:
                part = self.rfile.read(min(size, _SLICE_BYTES))
            except OSError:
                break
            if not part:
                break
            self.server.on_bytes(len(part))
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def running(proxy: Proxy) -> Iterator[Proxy]:
    thread = threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()
