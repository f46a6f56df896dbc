"""What becomes of a server's odd answers: a small server of this test's gives them."""

import socket
import time

import pytest

from tests.emulators.handlers import Handler, serve_requests
from vidset.labeling.errors import RefusedError, TryAgainError
from vidset.labeling.vendors.label_studio import client as label_studio_client
from vidset.labeling.vendors.label_studio.client import Client, NotFoundError

JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html"}
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl"
SIGNED = "https://storage.googleapis.com/b/a.jpg?X-Goog-Signature=5ec2e7"


def server(status=200, headers=JSON, body=b"{}", seconds=0.0):
    def answer(request: Handler) -> None:
        time.sleep(seconds)
        request.reply(status, headers, body)

    return serve_requests(answer)


def call(url, token="0" * 40):
    return Client(url, token).call("GET", "/api/tasks/1/")


def test_an_empty_answer_is_none():
    with server(204, body=b"") as url:
        assert call(url) is None


def test_an_url_may_have_a_path():
    with (
        server(404, JSON, b'{"detail": "No Task"}') as url,
        pytest.raises(NotFoundError, match=f"GET {url}/studio/api/tasks/1/: No Task"),
    ):
        call(f"{url}/studio/")


@pytest.mark.parametrize(
    ("status", "headers", "body", "error", "reason"),
    [
        pytest.param(
            404, JSON, b'{"detail": "No Task"}', NotFoundError, "HTTP 404: .*: No Task", id="404"
        ),
        pytest.param(400, JSON, b'{"detail": "no"}', RefusedError, "HTTP 400: .*: no", id="400"),
        pytest.param(403, JSON, b'{"detail": "no"}', TryAgainError, "HTTP 403: .*: no", id="403"),
        pytest.param(500, HTML, b"<h1>Oops</h1>", TryAgainError, "HTTP 500: .*Oops", id="500"),
        pytest.param(302, HTML, b"", TryAgainError, "HTTP 302", id="to the login page"),
        pytest.param(
            200, HTML, b"<h1>Hi</h1>", TryAgainError, "wanted JSON, got 'text/html'", id="page"
        ),
        pytest.param(200, JSON, b"[" * 100_000, TryAgainError, "wanted JSON", id="nested deep"),
    ],
)
def test_a_status_tells_whether_to_try_again(status, headers, body, error, reason):
    with server(status, headers, body) as url, pytest.raises(error, match=reason):
        call(url)


def test_a_404_of_another_server_is_no_missing_task():
    with (
        server(404, HTML, b"<h1>nginx</h1>") as url,
        pytest.raises(RefusedError, match="nginx") as refused,
    ):
        call(url)
    assert not isinstance(refused.value, NotFoundError)


def test_the_wait_that_is_asked_for_is_told():
    with (
        server(429, JSON | {"Retry-After": "7"}) as url,
        pytest.raises(TryAgainError, match="HTTP 429") as busy,
    ):
        call(url)
    assert busy.value.retry_after_seconds == 7


def test_signatures_are_taken_out_of_what_the_server_repeats():
    body = f"""{{"detail": "Validation error", "validation_errors": ["'{SIGNED}'"]}}""".encode()
    with (
        server(400, JSON, body) as url,
        pytest.raises(RefusedError, match=r"storage\.googleapis\.com/b/a\.jpg") as refused,
    ):
        call(url)
    assert "5ec2e7" not in str(refused.value)


@pytest.mark.parametrize("token", ["0" * 40, JWT])
def test_a_server_that_is_down_is_tried_again(token):
    with socket.socket() as taken:  # But nobody listens.
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(TryAgainError, match=rf"GET {url}/api/tasks/1/: ConnectError"):
            call(url, token)


@pytest.mark.parametrize("token", ["0" * 40, JWT])
def test_a_server_that_does_not_answer_is_tried_again(monkeypatch, token):
    monkeypatch.setattr(label_studio_client, "READ_SECONDS", 0.2)
    with server(seconds=3600) as url, pytest.raises(TryAgainError, match="ReadTimeout"):
        call(url, token)


def test_a_personal_access_token_that_gives_no_access_is_told():
    with (
        server(401, JSON, b'{"detail": "Token is invalid"}') as url,
        pytest.raises(TryAgainError, match=r"token/refresh/: Token is invalid \(LABEL_STUDIO"),
    ):
        call(url, JWT)
