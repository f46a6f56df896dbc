"""What must not be had from the local server, and what must not hold it up."""

import socket
import threading
import time
from contextlib import suppress

import httpx
import pytest

from tests.cli.label.serving_here import IMAGE, connected, running
from tests.cli.labels import make_output
from vidset.local_labeling.http_server import Limits

pytestmark = pytest.mark.emulator


@pytest.mark.attack
def test_only_label_studio_s_pages_read_images(guarded):
    studio = {"LABEL_STUDIO_URL": "http://localhost:8088/", "LABEL_STUDIO_TOKEN": "x" * 40}
    with running(guarded, **studio) as (url, _, _):
        for origin in "http://localhost:8088", "http://127.0.0.1:8088":
            found = httpx.get(url + IMAGE, headers={"Origin": origin}, timeout=600)
            assert found.status_code == 200
            assert found.headers["access-control-allow-origin"] == origin
            assert found.headers["vary"] == "Origin"
        for origin in (
            "https://evil.example",
            "http://localhost:9",
            "https://localhost:8088",
            "null",
        ):
            refused = httpx.get(url + IMAGE, headers={"Origin": origin}, timeout=600)
            assert refused.status_code == 403
            assert "access-control-allow-origin" not in refused.headers


@pytest.mark.attack
def test_a_foreign_name_of_the_host_gets_no_images(guarded):
    tunnel = {"LABELING_IMAGE_ACCESS": "https://tunnel.example/images/{name}"}
    with running(guarded, **tunnel) as (url, _, _):
        for host in "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "[", "":
            assert httpx.get(url + IMAGE, headers={"Host": host}, timeout=600).status_code in (
                400,
                403,
            )
        for host in "tunnel.example", "localhost:1", "127.0.0.1", "[::1]:80", "10.0.0.7:8080":
            assert httpx.get(url + IMAGE, headers={"Host": host}, timeout=600).status_code == 200


@pytest.mark.attack
def test_no_link_among_the_images_is_served(guarded):
    (guarded / "images" / "link.jpg").symlink_to(guarded / "secret.txt")
    (guarded / "images" / "folder").symlink_to(guarded)
    with running(guarded) as (url, _, _):
        assert httpx.get(f"{url}/images/link.jpg", timeout=600).status_code == 404
        assert httpx.get(f"{url}/images/folder/secret.txt", timeout=600).status_code == 404


@pytest.mark.attack
def test_eight_hundred_half_requests_make_no_threads_and_hold_nobody_up(guarded):
    with running(guarded) as (url, _, _):
        assert httpx.get(url + IMAGE, timeout=600).status_code == 200
        threads = threading.active_count()
        halves = [connected(url, b"GET /images/x HTTP/1.1\r\n") for _ in range(800)]
        assert httpx.get(url + IMAGE, timeout=600).status_code == 200
        assert threading.active_count() == threads
        # The oldest had to leave; the newest may go on.
        assert halves[0].recv(100) == b""
        halves[-1].sendall(b"Host: localhost\r\n\r\n")
        assert halves[-1].recv(100).startswith(b"HTTP/1.1 404")
        for half in halves:
            half.close()


def drip(connection: socket.socket, piece: bytes) -> None:
    """Send a little again and again, until the server has had enough."""
    deadline = time.monotonic() + 600
    with suppress(ConnectionError):
        while time.monotonic() < deadline:
            connection.sendall(piece)
            time.sleep(0.1)
    assert time.monotonic() < deadline


@pytest.mark.attack
@pytest.mark.parametrize(
    ("start", "piece"),
    [
        pytest.param(b"GET /images/x HTTP/1.1\r\n", b"a: b\r\n", id="headers without end"),
        pytest.param(
            b"POST /receive_annotation HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n",
            b"x",
            id="a body that drips",
        ),
        pytest.param(
            b"POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"1\r\nx\r\n",
            id="chunks without end",
        ),
    ],
)
def test_a_request_has_to_come_to_its_end(guarded, start, piece):
    with running(guarded, limits=Limits(request_seconds=0.5)) as (url, _, _):
        with connected(url, start) as slow:
            drip(slow, piece)
        assert httpx.get(url + IMAGE, timeout=600).status_code == 200


@pytest.mark.attack
def test_who_does_not_take_an_answer_holds_no_thread(tmp_path):
    out = make_output(tmp_path / "out", {"a.mp4": 2})
    large = out / "images" / "large.jpg"
    large.write_bytes(bytes(60 << 20))
    limits = Limits(threads=2, silent_seconds=1)
    ask = b"GET /images/large.jpg HTTP/1.1\r\nHost: localhost\r\n"
    with running(out, limits=limits) as (url, _, _):
        deaf = [connected(url, ask + b"\r\n") for _ in range(4)]
        # A part of a file passes through a buffer, which has a thread wait.
        deaf += [connected(url, ask + b"Range: bytes=0-50000000\r\n\r\n") for _ in range(4)]
        found = httpx.get(f"{url}/images/a/0/0000000000.jpg", timeout=600)
        assert found.status_code == 200
        for one in deaf:
            one.close()


@pytest.mark.attack
def test_a_request_is_bounded_in_size(guarded):
    with running(guarded, limits=Limits(header_bytes=1000, body_bytes=1000)) as (url, _, _):
        assert httpx.get(url + IMAGE, headers={"a": "b" * 2000}, timeout=600).status_code == 431
        assert httpx.post(f"{url}/reconcile", content=b"x" * 2000, timeout=600).status_code == 413


@pytest.mark.attack
@pytest.mark.parametrize("name", ["Forwarded", "Via", "X-Forwarded-For", "X-Real-IP"])
def test_what_a_proxy_passes_on_is_not_of_this_machine(guarded, name):
    with running(guarded) as (url, _, _):
        assert (
            httpx.post(f"{url}/reconcile", headers={name: "127.0.0.1"}, timeout=600).status_code
            == 403
        )
        assert httpx.get(url + IMAGE, headers={name: "192.0.2.1"}, timeout=600).status_code == 200
