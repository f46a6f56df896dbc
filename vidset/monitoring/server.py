"""`/metrics` for Prometheus and `/healthz` for whoever restarts what is stuck, over HTTP.

Nothing is served unless an address is given: whoever reaches it can read the counts.
"""

import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.registry import Collector

_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9a-fA-F:]+)\]|(?P<host>[^:\[\]/\s]+)):(?P<port>[0-9]{1,5})")
_SLOW_SECONDS = 10


def parse_address(text: str) -> tuple[str, int]:
    """Read `ADDRESS:PORT`, with an IPv6 address in brackets; port 0 takes a free one.

    Raises:
        ValueError: it is no such address.
    """
    found = _ADDRESS.fullmatch(text.strip())
    if found is None or int(found["port"]) > 65535:
        raise ValueError(f"--metrics: wanted ADDRESS:PORT such as 127.0.0.1:9100, got {text!r}")
    return found["v6"] or found["host"], int(found["port"])


@contextmanager
def serving_metrics(
    address: str | None, collector: Collector, problem: Callable[[], str | None]
) -> Iterator[str | None]:
    """Serve until the block ends, in threads of this process. Yields the url.

    Args:
        address: as `parse_address` reads it. None: nothing is served, and the url is None.
        collector: gives the metrics at each scrape.
        problem: says what is wrong; None while all is well, which `/healthz` answers with 200.

    Raises:
        ValueError: the address cannot be read, or the port is taken.
    """
    if address is None:
        yield None
        return
    host, port = parse_address(address)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    try:
        server = (
            _Server6((host, port), _Handler) if ":" in host else _Server((host, port), _Handler)
        )
    except OSError as error:
        raise ValueError(f"--metrics {address}: {error.strerror or error}") from None
    server.set_app(_app(make_wsgi_app(registry), problem))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    shown = f"[{host}]" if ":" in host else host
    try:
        yield f"http://{shown}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _app(metrics: Callable[..., Any], problem: Callable[[], str | None]) -> Callable[..., Any]:
    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO")
        if path == "/metrics":
            return metrics(environ, start_response)
        if path == "/healthz":
            found = problem()
            status, text = ("503 Service Unavailable", found) if found else ("200 OK", "ok")
        else:
            status, text = "404 Not Found", "wanted /metrics or /healthz"
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [f"{text}\n".encode()]

    return answer


class _Handler(WSGIRequestHandler):
    timeout = _SLOW_SECONDS

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: a scrape every few seconds is no news."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    allow_reuse_address = True

    def server_bind(self) -> None:
        """Bind without asking for the machine's name, which takes seconds without a network."""
        TCPServer.server_bind(self)  # With SO_REUSEADDR: who is started again takes its port.
        host, port = self.socket.getsockname()[:2]
        self.server_address, self.server_name, self.server_port = (host, port), host, port
        self.setup_environ()


class _Server6(_Server):
    address_family = socket.AF_INET6
