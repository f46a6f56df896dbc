"""The local server over real HTTP."""

import json
import os
import signal
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.cli.label.serving_here import (
    IMAGE,
    SECRET,
    connected,
    raw_get,
    running,
    states,
    truth_environment,
)
from tests.cli.labels import label, served, write_truth
from vidset.cli.label.places import place_of
from vidset.listening import listen, url_of
from vidset.local_labeling.http_server import serving_http
from vidset.local_labeling.served import url_left
from vidset.place import Place
from vidset.project import find_project

pytestmark = pytest.mark.emulator


def test_an_image_is_served_by_the_url_that_vendors_get(guarded):
    with running(guarded) as (url, broker, _):
        uri = f"{guarded}/images/a b #1/0/0000001000.jpg"
        given = broker.images.url(uri)
        assert given == "http://127.0.0.1:8080/images/a%20b%20%231/0/0000001000.jpg"
        found = httpx.get(given.replace("http://127.0.0.1:8080", url), timeout=600)
    assert (found.status_code, found.headers["content-type"]) == (200, "image/jpeg")
    assert "access-control-allow-origin" not in found.headers
    assert found.content == Path(uri).read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/images/../secret.txt", id="dots"),
        pytest.param("/images/a%20b%20%231/../../../secret.txt", id="dots below"),
        pytest.param("/images/%2e%2e/secret.txt", id="encoded dots"),
        pytest.param("/images/%2e%2e%2fsecret.txt", id="encoded slash"),
        pytest.param("/images/..%5csecret.txt", id="backslash"),
        pytest.param("/images/%252e%252e/secret.txt", id="encoded twice"),
        pytest.param("/images//{out}/secret.txt", id="absolute"),
        pytest.param("/images/%2f{out}/secret.txt", id="absolute, encoded"),
        pytest.param("/images/a%20b%20%231/0/0000001000.jpg%00.txt", id="NUL"),
        pytest.param("/images/a%20b%20%231", id="a folder"),
        pytest.param("/images/", id="the folder"),
        pytest.param("/images/" + "a" * 5000, id="a name that is too long"),
        pytest.param("/secret.txt", id="beside the images"),
    ],
)
def test_a_hostile_name_gives_no_file(guarded, path):
    with running(guarded) as (url, _, log):
        status, body = raw_get(url, path.replace("{out}", str(guarded)))
        assert status in (301, 308, 404)
        if status != 404:  # It says where to look instead: not there either.
            moved = httpx.get(
                url + path.replace("{out}", str(guarded)), follow_redirects=True, timeout=600
            )
            assert moved.status_code == 404
    assert b"secret" not in body.replace(b"/secret.txt", b"")
    assert log.getvalue() == ""


def test_answers_come_by_http_and_need_the_secret(guarded):
    with running(guarded) as (url, broker, _):
        [image, *_] = Place.of(str(guarded)).images()
        assert httpx.post(f"{url}/reconcile", timeout=600).status_code == 200
        assert states(broker) == ["completed"] * 3
        body = {"image_id": image.id, "annotation_id": "x", "annotator": "eve", "objects": []}
        body |= {"updated_at": "2026-01-01T00:00:00Z"}
        call = f"{url}/receive_annotation"
        refused = httpx.post(
            call, json=body, headers={"x-vidset-truth-secret": "wrong" * 4}, timeout=600
        )
        assert refused.status_code == 401
        taken = httpx.post(call, json=body, headers={"x-vidset-truth-secret": SECRET}, timeout=600)
        assert (taken.status_code, taken.json()) == (200, {"stored": 1})
        assert httpx.get(call, timeout=600).status_code == 405


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"host": "abc.tunnel.example"}, id="a tunnel"),
        pytest.param({"host": "rebound.example:80"}, id="a name that was bound to this machine"),
        pytest.param({"origin": "https://evil.example"}, id="a page in a browser"),
    ],
)
@pytest.mark.parametrize("path", ["/reconcile", "/request_labeling"])
def test_what_costs_money_is_only_for_programs_of_this_machine(guarded, path, headers):
    with running(guarded) as (url, broker, _):
        event = {"ce-id": "1", "ce-source": "x", "ce-type": "y", "ce-specversion": "1.0"}
        assert (
            httpx.post(url + path, json={}, headers=event | headers, timeout=600).status_code == 403
        )
        assert states(broker) == []
        assert httpx.post(url + path, json={}, headers=event, timeout=600).status_code in (200, 204)


def test_request_labeling_takes_cloud_events_and_nothing_else(guarded):
    with running(guarded) as (url, _, log):
        assert (
            httpx.post(f"{url}/request_labeling", content=b"nonsense", timeout=600).status_code
            == 400
        )
        assert httpx.get(f"{url}/request_labeling", timeout=600).status_code == 405
        event = {
            "specversion": "1.0",
            "id": "1",
            "source": "//pubsub.googleapis.com/projects/p/topics/t",
            "type": "google.cloud.pubsub.topic.v1.messagePublished",
            "data": {"message": {"attributes": {"eventType": "OBJECT_DELETE"}}},
        }
        headers = {"content-type": "application/cloudevents+json"}
        sent = httpx.post(
            f"{url}/request_labeling", content=json.dumps(event), headers=headers, timeout=600
        )
        assert sent.status_code == 204
    assert json.loads(log.getvalue())["reason"] == "event type 'OBJECT_DELETE'"


def test_reconcile_runs_from_time_to_time(guarded):
    with running(guarded, reconcile_seconds=0.1) as (_, broker, _):
        deadline = time.monotonic() + 600
        while states(broker) != ["completed"] * 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert states(broker) == ["completed"] * 3


def test_a_reconcile_that_fails_tells_where_and_the_next_one_runs(guarded):
    with running(guarded, reconcile_seconds=0.1) as (url, broker, log):
        [broken, *_] = (guarded / "frames").iterdir()
        whole = broken.read_bytes()
        broken.write_bytes(b"no Parquet")
        assert httpx.post(f"{url}/reconcile", timeout=600).status_code == 500
        assert "is no Parquet file" in log.getvalue()
        broken.write_bytes(whole)
        deadline = time.monotonic() + 600
        while states(broker) != ["completed"] * 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert states(broker) == ["completed"] * 3


def test_a_port_that_is_taken_is_a_bad_request(guarded):
    with listen("127.0.0.1", 0) as taken, pytest.raises(ValueError, match="in use"):
        listen("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(ValueError, match=r"port 0"):
        listen("192.0.2.1", 0)


def test_the_server_ends_with_its_block_although_somebody_says_nothing(guarded):
    before = set(threading.enumerate())
    with running(guarded) as (url, _, _):
        silent = connected(url)
        half = connected(url, b"GET /images/x HTTP/1.1\r\n")
        began = time.monotonic()
    assert time.monotonic() - began < 20  # No limit for who is silent is that short.
    silent.close()
    half.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(600)
        assert not thread.is_alive()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/images/x", timeout=600)


def test_the_server_answers_whom_it_has_taken_before_it_ends(guarded):
    begun, go_on = threading.Event(), threading.Event()

    def app(_environment, start_response):
        begun.set()
        go_on.wait(600)
        start_response("200 OK", [("Content-Length", "4")])
        return [b"done"]

    listening = listen("127.0.0.1", 0)
    url = url_of(listening)
    with serving_http(app, listening):
        asking = connected(url, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert begun.wait(600)
        threading.Timer(0.2, go_on.set).start()
    with asking:
        assert asking.recv(1000).startswith(b"HTTP/1.1 200 OK")


def test_a_part_of_an_image_can_be_asked_for(guarded):
    with running(guarded) as (url, _, _):
        part = httpx.get(url + IMAGE, headers={"Range": "bytes=0-2"}, timeout=600)
        assert (part.status_code, part.content) == (206, b"\xff\xd8\xff")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_stops_cleanly_at(guarded, number):
    write_truth(guarded, guarded.parent / "truth.jsonl")
    environment = truth_environment(guarded, "http://127.0.0.1:1/receive_annotation")
    with served(guarded, environment=environment) as (url, process):
        name = "a%20b%20%231/0/0000000000.jpg"
        assert httpx.get(f"{url}/images/{name}", timeout=600).status_code == 200
        os.kill(process.pid, number)
        stdout, stderr = process.communicate(timeout=600)
        assert (process.returncode, stdout) == (0, "")
        assert "Traceback" not in stderr
    assert label("status", "-p", guarded, "--json").found["tasks"]["completed"] == 0


@pytest.mark.slow
def test_serve_leaves_word_of_its_url_for_as_long_as_it_runs(guarded):
    write_truth(guarded, guarded.parent / "truth.jsonl")
    environment = truth_environment(guarded, "http://127.0.0.1:1/receive_annotation")
    with served(guarded, environment=environment) as (url, process):
        assert url_left(str(guarded)) == url
        assert place_of(find_project(str(guarded))).served == url
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=600)
    assert url_left(str(guarded)) is None


@pytest.mark.slow
def test_serve_warns_of_what_is_open(guarded):
    with served(guarded, "--host", "0.0.0.0", environment={  # noqa: S104
        "LABEL_STUDIO_URL": "http://127.0.0.1:1",
        "LABEL_STUDIO_TOKEN": "x" * 40,
    }) as (_, process):  # fmt: skip
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=600)
        assert process.returncode == 0
    assert "whoever reaches 0.0.0.0 can read the images" in stderr
    assert "no callbacks are taken, for none of" in stderr
    assert "label-studio, not yet: " in stderr
