"""Stands between a watcher and the S3 server: counts, delays, fails and interrupts requests."""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_OWN_HEADERS = {"connection", "transfer-encoding", "content-length", "server", "date"}
# As AWS says it.
_EXPIRED = (
    b"<?xml version='1.0'?><Error><Code>ExpiredToken</Code>"
    b"<Message>The provided token has expired.</Message></Error>"
)


class S3Proxy:
    """What a test sets, while requests pass.

    Attributes:
        before, after: called with method and path, before a request goes on, and before its answer
            goes back; what is raised ends the connection.
        is_down: connections end without an answer.
        expired: requests signed with this access key are refused as an expired token's.
    """

    def __init__(self, url: str):
        self.target = urlsplit(url).netloc
        self.before: Callable[[str, str], None] = lambda method, path: None
        self.after: Callable[[str, str], None] = lambda method, path: None
        self.is_down = False
        self.expired: str | None = None
        self.on_expired: Callable[[], None] = lambda: None
        self.url = ""

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        if self.is_down:
            raise ConnectionAbortedError
        method, path = request.command, request.path
        if self.expired and f"Credential={self.expired}/" in request.headers["Authorization"]:
            self.on_expired()
            request.send_response(400)
            request.send_header("Content-Length", str(len(_EXPIRED)))
            request.end_headers()
            request.wfile.write(b"" if method == "HEAD" else _EXPIRED)
            return
        self.before(method, path)
        forward = http.client.HTTPConnection(self.target, timeout=600)
        headers = {key: value for key, value in request.headers.items() if key != "Expect"}
        forward.request(method, path, body, headers)
        answer = forward.getresponse()
        data = answer.read()
        self.after(method, path)
        request.send_response(answer.status)
        for key, value in answer.getheaders():
            if key.lower() not in _OWN_HEADERS:
                request.send_header(key, value)
        length = answer.getheader("Content-Length") if method == "HEAD" else len(data)
        request.send_header("Content-Length", str(length or 0))
        request.end_headers()
        request.wfile.write(data)
        forward.close()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address) -> None:
        """A connection that ended is what tests want."""


@contextmanager
def s3_proxy(url: str) -> Iterator[S3Proxy]:
    proxy = S3Proxy(url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_any(self) -> None:
            proxy.handle(self)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = do_any  # noqa: N815

    with _Quiet(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield proxy
        finally:
            server.shutdown()
