"""A server that answers as an API does, and remembers what it was asked."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl

# A status and what is said, or what makes them of the query and the body.
Answer = tuple[int, Any] | Callable[[Mapping[str, str], Any], tuple[int, Any]]


class ApiServer(ThreadingHTTPServer):
    """Attributes:
    answers: by method and path; anything else is not found.
    asked: method, path and body of each request.
    """

    daemon_threads = True

    def __init__(self, answers: Mapping[tuple[str, str], Answer]):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.asked: list[tuple[str, str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: ApiServer

    def do_GET(self):
        length = int(self.headers.get("content-length", 0))
        body = json.loads(self.rfile.read(length) or b"null")
        path, _, query = self.path.partition("?")
        self.server.asked.append((self.command, path, body))
        answer = self.server.answers.get((self.command, path), (404, {"error": "not found"}))
        code, said = answer(dict(parse_qsl(query)), body) if callable(answer) else answer
        data = json.dumps(said).encode()
        self.send_response(code)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_):
        pass


@contextmanager
def serving() -> Iterator[Callable[[Mapping[tuple[str, str], Answer]], ApiServer]]:
    """What starts servers; they stop in the end."""
    servers: list[ApiServer] = []

    def start(answers: Mapping[tuple[str, str], Answer]) -> ApiServer:
        servers.append(ApiServer(answers))
        Thread(target=servers[-1].serve_forever, daemon=True).start()
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
