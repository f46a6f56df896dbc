"""The local server in this process, and raw connections to it."""

import io
import socket
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from tests.cli.labels import write_truth
from vidset.labeling.broker import Broker, open_broker
from vidset.labeling.stores.store import Query
from vidset.listening import listen, url_of
from vidset.local_labeling.http_server import Limits
from vidset.local_labeling.server import make_app, serving
from vidset.place import Place

IMAGE = "/images/a%20b%20%231/0/0000000000.jpg"
SECRET = "0123456789abcdef"  # noqa: S105 (of no use elsewhere)


def truth_environment(out: Path, callback_url: str) -> dict[str, str]:
    return {
        "LABELING_VENDOR": "truth",
        "LABELING_TRUTH": str(out.parent / "truth.jsonl"),
        "LABELING_TRUTH_SECRET": SECRET,
        "LABELING_CALLBACK_URL": callback_url,
    }


@contextmanager
def running(out: Path, reconcile_seconds: float = 0, limits: Limits | None = None, **more: str):
    """The server in this process: its url, its broker and its log."""
    write_truth(out, out.parent / "truth.jsonl")
    listening, log, place = listen("127.0.0.1", 0), io.StringIO(), Place.of(str(out))
    url = url_of(listening)
    environment = truth_environment(out, f"{url}/receive_annotation") | more
    broker = open_broker(place.settings("dispatch", environment))
    app = make_app(broker, place.images, place.images_root, log)
    with serving(app, listening, log, reconcile_seconds, limits):
        yield url, broker, log
    broker.store.close()


def raw_get(url: str, path: str) -> tuple[int, bytes]:
    """A path as it stands: httpx would tidy it up."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=600)
    connection.putrequest("GET", path, skip_host=False)
    connection.endheaders()
    response = connection.getresponse()
    return response.status, response.read()


def connected(url: str, said: bytes = b"") -> socket.socket:
    """A connection on which no more than that is said."""
    host, port = url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), 600)
    connection.sendall(said)
    return connection


def states(broker: Broker) -> list[str]:
    return [stored.document["state"] for stored in broker.store.find(Query("tasks"))]
