"""OpenLineage events, as a server gets them."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.cli.called import vidset
from tests.lineage.places import make_place
from vidset.lineage.openlineage import complete_event, open_emitter


@pytest.fixture
def catalogue(monkeypatch):
    """A server that keeps what it is sent, by the address that is asked for."""
    events: list[tuple[str, str | None, dict]] = []

    class Catalogue(BaseHTTPRequestHandler):
        def do_POST(self):
            data = self.rfile.read(int(self.headers["Content-Length"]))
            events.append((self.path, self.headers["Authorization"], json.loads(data)))
            self.send_response(201)
            self.end_headers()

        def log_message(self, format, *args):  # noqa: A002
            pass

    server = HTTPServer(("127.0.0.1", 0), Catalogue)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("VIDSET_OPENLINEAGE", "http")
    monkeypatch.setenv("OPENLINEAGE_URL", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "key")
    yield events
    server.shutdown()
    server.server_close()


def test_evaluate_and_export_tell_what_they_read_and_made(tmp_path, catalogue):
    place = make_place(tmp_path)
    assert vidset("evaluate", "v0-1", "-p", tmp_path).code == 0
    assert vidset("export", "v0", "-f", "folders", "-o", tmp_path / "out", "-p", tmp_path).code == 0
    [(path, token, evaluated), (_, _, exported)] = catalogue
    assert (path, token) == ("/api/v1/lineage", "Bearer key")
    assert evaluated["eventType"] == "COMPLETE"
    assert evaluated["job"] == {"namespace": str(tmp_path), "name": "vidset evaluate"}
    assert [each["name"] for each in evaluated["inputs"]] == [
        "runs/v0-1", f"versions/{place.v0.id}",
    ]  # fmt: skip
    assert evaluated["run"]["facets"]["vidset"]["score"] == pytest.approx(1 / 3)
    assert exported["outputs"] == [{"namespace": "file", "name": str(tmp_path / "out")}]


def test_nothing_is_sent_unless_somebody_asks_for_it(tmp_path, catalogue, monkeypatch):
    monkeypatch.delenv("VIDSET_OPENLINEAGE")
    make_place(tmp_path)
    assert vidset("evaluate", "v0-1", "-p", tmp_path).code == 0
    assert catalogue == []


@pytest.mark.parametrize("emitter", ["http", "htp"])
def test_an_event_that_cannot_be_delivered_is_a_warning(tmp_path, monkeypatch, emitter):
    monkeypatch.setenv("VIDSET_OPENLINEAGE", emitter)
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:1")
    make_place(tmp_path)
    called = vidset("evaluate", "v0-1", "-p", tmp_path)
    assert called.code == 0
    assert "the OpenLineage event was not delivered" in called.err


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"VIDSET_OPENLINEAGE": "htp"}, "Did you mean"),
        ({"VIDSET_OPENLINEAGE": "http"}, "wanted OPENLINEAGE_URL as http"),
        ({"VIDSET_OPENLINEAGE": "http", "OPENLINEAGE_URL": "file:///etc"}, "got 'file:///etc'"),
    ],
)
def test_an_emitter_that_cannot_be_is_refused(environment, message):
    with pytest.raises(ValueError, match=message):
        open_emitter(environment)


def test_datasets_are_named_as_the_specification_does():
    event = complete_event("gs://team/roads", "sync", ["annotations"], ["gs://b/x/y", "/data/out"])
    assert event["inputs"] == [{"namespace": "gs://team/roads", "name": "annotations"}]
    assert event["outputs"] == [
        {"namespace": "gs://b", "name": "x/y"}, {"namespace": "file", "name": "/data/out"},
    ]  # fmt: skip
    assert open_emitter({}) is None
