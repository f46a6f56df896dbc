"""A Dataflow service for the launcher: what it was asked, and the jobs that it says run."""

import base64
import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import google_crc32c

# By method and path, the permission that Google's access control page names for the call.
PERMISSIONS = (
    ("GET", r"/v1b3/projects/[^/]+/locations/[^/]+/jobs", "dataflow.jobs.list"),
    ("POST", r"/v1b3/projects/[^/]+/locations/[^/]+/jobs", "dataflow.jobs.create"),
    ("GET", r"/v1b3/projects/[^/]+/locations/[^/]+/jobs/[^/]+", "dataflow.jobs.get"),
    ("PUT", r"/v1b3/projects/[^/]+/locations/[^/]+/jobs/[^/]+", "dataflow.jobs.updateContents"),
    ("GET", r"/storage/v1/b/[^/]+", "storage.buckets.get"),
    ("GET", r"/storage/v1/b/[^/]+/o/.+", "storage.objects.get"),
    ("POST", r"/upload/storage/v1/b/[^/]+/o", "storage.objects.create"),
    ("PUT", r"/upload/storage/v1/b/[^/]+/o", "storage.objects.create"),
)


@dataclass
class FakeDataflow:
    """Attributes:
    running: by request for the list, the names of the jobs that run; the last stays.
    asked: the permissions that the calls need, in their order.
    created: the bodies of the jobs that were created.
    """

    running: Sequence[Sequence[str]]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    created: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        needed = [
            permission
            for verb, pattern, permission in PERMISSIONS
            if verb == method and re.fullmatch(pattern, path)
        ]
        if len(needed) != 1:
            raise AssertionError(f"no permission is known for {method} {path}")
        [permission] = needed
        self.asked.append(permission)
        if permission == "dataflow.jobs.list":
            times = self.asked.count(permission)
            names = self.running[min(times, len(self.running)) - 1]
            jobs = [
                {"id": f"id-{name}", "name": name, "currentState": "JOB_STATE_RUNNING"}
                for name in names
            ]
            return 200, {"jobs": jobs}
        if permission == "dataflow.jobs.create":
            self.created.append(json.loads(body))
            return 200, {"id": "new", "name": self.created[-1]["name"]}
        if permission == "storage.objects.get":
            return 404, {"error": {"code": 404, "message": "no such object"}}
        checksum = base64.b64encode(google_crc32c.Checksum(body).digest()).decode()
        return 200, {"name": path.rpartition("/")[2], "bucket": "staging", "crc32c": checksum}


@contextmanager
def fake_dataflow(*running: Sequence[str]) -> Iterator[FakeDataflow]:
    """Serve on a free port."""
    fake = FakeDataflow(running)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, answer = fake.answer(self.command, urlsplit(self.path).path, body)
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if self.command == "POST" and self.path.startswith("/upload/"):
                # Where a resumable upload goes on.
                self.send_header("Location", f"{fake.url}{urlsplit(self.path).path}")
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815 (the server's names)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("localhost", 0), Handler) as server:
        fake.url = f"http://localhost:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield fake
        finally:
            server.shutdown()
