"""Whom the page's server answers."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from vidset.view.access import Access, Guard, Token, read_tokens

READER = Token("rita", "read", "r" * 24)
WRITER = Token("will", "write", "w" * 24)


def client(*tokens, names=()):
    async def answer(request):
        return PlainTextResponse(request.state.caller.name)

    inner = Starlette(routes=[Route("/", answer, methods=["GET", "POST"])])
    access = Access.of("127.0.0.1", 8770, names, tokens)
    return TestClient(Guard(inner, access), base_url="http://127.0.0.1:8770")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 200, id="this machine"),
        pytest.param({"Host": "localhost:8770"}, 200, id="by name"),
        pytest.param({"Host": "[::1]:8770"}, 200, id="IPv6"),
        pytest.param({"Host": "evil.example:8770"}, 403, id="foreign name"),
        pytest.param({"Host": "127.0.0.1:8771"}, 403, id="other port"),
        pytest.param({"Host": "127.0.0.1.evil.example:8770"}, 403, id="name that begins alike"),
        pytest.param({"Origin": "http://127.0.0.1:8770"}, 200, id="own origin"),
        pytest.param({"Origin": "http://evil.example"}, 403, id="foreign origin"),
        pytest.param({"Origin": "null"}, 403, id="sandboxed origin"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, 403, id="asked for by another page"),
        pytest.param(
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
            200,
            id="a link followed",
        ),
    ],
)
def test_a_request_must_come_from_the_page_and_name_a_known_host(headers, status):
    assert client().get("/", headers=headers).status_code == status


def test_another_page_changes_nothing_even_as_a_form():
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client().post("/", headers=headers).status_code == 403


def test_a_name_of_a_proxy_is_known_when_it_is_given():
    headers = {"Host": "photos.example"}
    assert client().get("/", headers=headers).status_code == 403
    assert client(names=["photos.example"]).get("/", headers=headers).status_code == 200


def test_tokens_are_for_reading_or_for_writing_and_name_who_asks():
    of = client(READER, WRITER)
    assert of.get("/").status_code == 401
    reader, writer = ({"Authorization": f"Bearer {each.secret}"} for each in (READER, WRITER))
    assert of.get("/", headers=reader).text == "rita"
    refused = of.post("/", headers=reader)
    assert (refused.status_code, "rita is for reading" in refused.text) == (403, True)
    assert of.post("/", headers=writer).text == "will"
    assert of.get("/", headers={"Authorization": "Bearer " + "x" * 24}).status_code == 401


def test_a_token_in_the_address_moves_into_a_cookie():
    of = client(READER)
    answer = of.get("/", params={"token": READER.secret, "a": "1"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?a=1")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert of.get("/").text == "rita"
    assert READER.secret not in repr(READER)


def test_every_answer_forbids_foreign_content_and_frames():
    for answer in client().get("/"), client().get("/", headers={"Host": "evil"}):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("rita read short", id="short token"),
        pytest.param(f"rita admin {'x' * 24}", id="unknown right"),
        pytest.param("rita", id="no token"),
    ],
)
def test_a_bad_line_of_tokens_is_named_without_the_token(tmp_path, line):
    file = tmp_path / "tokens"
    file.write_text(f"# people\nann write {'a' * 24}\n{line}\n")
    with pytest.raises(ValueError, match="tokens, line 3: wanted NAME") as refused:
        read_tokens(file)
    assert line.split()[-1] not in str(refused.value).replace(str(file), "").replace("NAME", "")
