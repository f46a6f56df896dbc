"""HTTP servers in the tests' own process: a function answers every request."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.emulators.servers import HOST


class Handler(BaseHTTPRequestHandler):
    """One request, by `command`, `path`, `headers` and `body()`; answered by `reply`."""

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def reply(
        self, status: int, headers: Mapping[str, str] | None = None, data: bytes = b""
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        with suppress(BrokenPipeError):  # The client has given up.
            self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        """Not on the tests' output."""


@contextmanager
def serve_requests(answer: Callable[[Handler], None]) -> Iterator[str]:
    """The url of a server on a free port, which is gone afterwards."""

    # A function of its own: only that becomes a method of the class, whatever `answer` is.
    def do(handler: Handler) -> None:
        answer(handler)

    methods = dict.fromkeys(("do_GET", "do_POST", "do_DELETE"), do)
    with ThreadingHTTPServer((HOST, 0), type("Answering", (Handler,), methods)) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
