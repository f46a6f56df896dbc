import html
import json
import pickle
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidset.labeling.errors import TryAgainError, without_signatures

GCS_V4_SECRET = "5f1c3e7ba9" * 51
GCS_V4 = (
    "https://storage.googleapis.com/images/cam%201/drive%2Fa/17/0000001000.jpg"
    "?X-Goog-Algorithm=GOOG4-RSA-SHA256"
    "&X-Goog-Credential=broker%40project-1.iam.gserviceaccount.com%2F20260301%2Fauto%2Fstorage"
    "%2Fgoog4_request&X-Goog-Date=20260301T120000Z&X-Goog-Expires=86400"
    f"&X-Goog-SignedHeaders=host&X-Goog-Signature={GCS_V4_SECRET}"
)
GCS_V2_SECRET = "MJUBXAzTc7f%2BSq1x%2FDeadBeef0123456789abcdefghijklmnop%3D%3D"  # noqa: S105
GCS_V2 = (
    "https://storage.googleapis.com/images/a.jpg"
    "?GoogleAccessId=broker@project-1.iam.gserviceaccount.com&Expires=1772452800"
    f"&Signature={GCS_V2_SECRET}"
)
S3_V4_SECRET = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"  # noqa: S105
S3_V4 = (
    "https://images.s3.eu-west-1.amazonaws.com/a/17/0000001000.jpg"
    "?response-content-disposition=attachment%3B%20filename%3D%22a.jpg%22"
    "&X-Amz-Algorithm=AWS4-HMAC-SHA256"
    "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE/20260301/eu-west-1/s3/aws4_request"
    "&X-Amz-Date=20260301T120000Z&X-Amz-Expires=86400&X-Amz-Security-Token=FwoGZXIvYXdzEXAMPLE%2F"
    f"&X-Amz-SignedHeaders=host&X-Amz-Signature={S3_V4_SECRET}"
)
S3_V2_SECRET = "vjbyPxybdZaNmGa+yT272YEAiv4="  # noqa: S105
S3_V2 = (
    "http://127.0.0.1:9000/images/a.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=1772452800"
    f"&Signature={S3_V2_SECRET}"
)
AZURE_SECRET = "kP7cQ2mW9vT4xR1zL8nB5dF3hJ6sA0gE7uY2iO4"  # noqa: S105
AZURE = (
    "https://images.blob.core.windows.net/images/a.jpg?sv=2024-11-04&se=2026-03-01T12%3A00Z"
    f"&sr=b&sp=r&sig={AZURE_SECRET}%3D"
)
TOKEN_SECRET = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW0xIn0.Rq8-x0k_3"  # noqa: S105
TOKEN = f"https://images.test/a.jpg?size=full&token={TOKEN_SECRET}"
URLS = [
    pytest.param(AZURE, AZURE_SECRET, id="azure"),
    pytest.param(TOKEN, TOKEN_SECRET, id="token"),
    pytest.param(GCS_V4, GCS_V4_SECRET, id="gcs-v4"),
    pytest.param(GCS_V2, GCS_V2_SECRET, id="gcs-v2"),
    pytest.param(S3_V4, S3_V4_SECRET, id="s3-v4"),
    pytest.param(S3_V2, S3_V2_SECRET, id="s3-v2"),
]


def as_text(text: str) -> str:
    return text


def in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def in_php_json(text: str) -> str:
    return json.dumps(text)[1:-1].replace("/", "\\/")


def in_go_json(text: str) -> str:
    return json.dumps(text)[1:-1].replace("&", "\\u0026").replace("=", "\\u003d")


def in_json_in_json(text: str) -> str:
    return in_json(in_go_json(text))


def in_query(text: str) -> str:
    return quote(text, safe="")


def in_query_twice(text: str) -> str:
    return quote(quote(text, safe=""), safe="")


def in_html_by_number(text: str) -> str:
    return text.replace("&", "&#38;").replace("=", "&#61;").replace("?", "&#63;")


ESCAPES = [
    pytest.param(as_text, id="as it is"),
    pytest.param(in_json, id="JSON"),
    pytest.param(in_php_json, id="JSON with escaped slashes"),
    pytest.param(in_go_json, id="JSON with escaped ampersands"),
    pytest.param(in_json_in_json, id="JSON in JSON"),
    pytest.param(html.escape, id="HTML"),
    pytest.param(in_html_by_number, id="HTML by number"),
    pytest.param(in_query, id="percent-encoded"),
    pytest.param(in_query_twice, id="percent-encoded twice"),
    pytest.param(str.lower, id="lower case"),
    pytest.param(str.upper, id="upper case"),
]
SURROUNDINGS = [
    pytest.param("cannot fetch ", ", got 403", id="comma"),
    pytest.param("cannot fetch ", ": 403", id="colon"),
    pytest.param("cannot fetch ", ". Try again", id="full stop"),
    pytest.param("cannot fetch ", "", id="at the end"),
    pytest.param("", " is gone", id="at the start"),
    pytest.param("cannot fetch (", ") now", id="brackets"),
    pytest.param("cannot fetch <", "> now", id="angle brackets"),
    pytest.param("cannot fetch [", "] now", id="square brackets"),
    pytest.param("cannot fetch `", "` now", id="backticks"),
    pytest.param('{"attachment": "', '", "status": 403}', id="JSON"),
    pytest.param('{\\"attachment\\": \\"', '\\", \\"status\\": 403}', id="JSON in a text"),
    pytest.param("{'attachment': '", "', 'status': 403}", id="repr of a dict"),
    pytest.param("<a href='", "'>gone</a>", id="HTML"),
    pytest.param("&lt;a href=&quot;", "&quot;&gt;gone&lt;/a&gt;", id="escaped HTML"),
    pytest.param("first\nsecond ", "\nthird", id="lines"),
    pytest.param("first\\nsecond ", "\\nthird", id="escaped lines"),
    pytest.param("拒否されました「", "」です", id="unicode"),
]


def pieces(secret: str, size: int = 12) -> list[str]:
    return [secret[start : start + size] for start in range(0, len(secret) - size + 1, size)]


def assert_gone(secret: str, text: str) -> None:
    """No piece of it is left."""
    assert len(pieces(secret)) >= 2
    for piece in pieces(secret):
        assert piece.lower() not in text.lower()


@pytest.mark.parametrize(("url", "secret"), URLS)
@pytest.mark.parametrize("escape", ESCAPES)
@pytest.mark.parametrize(("before", "after"), SURROUNDINGS)
def test_a_signed_url_loses_its_query_and_the_rest_of_the_message_stays(
    url, secret, escape, before, after
):
    cleaned = without_signatures(f"{before}{escape(url)}{after}")
    assert cleaned == f"{before}{escape(url.partition('?')[0])}{after}"
    assert_gone(secret, cleaned)


@pytest.mark.parametrize(("url", "secret"), URLS)
@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param(
            "Max retries exceeded with url: {query} (Caused by timeout)",
            "Max retries exceeded with url: /images/a.jpg (Caused by timeout)",
            id="path and query of urllib3",
        ),
        pytest.param(
            "{first},{second} failed", "http://a.test/1,http://a.test/2 failed", id="two urls"
        ),
        pytest.param(
            "GET https://proxy.test/fetch?size=3&url={coded}&mode=4 gave 403",
            "GET https://proxy.test/fetch?size=3&url={coded_left}&mode=4 gave 403",
            id="in another url's query",
        ),
    ],
)
def test_a_signature_is_removed_wherever_the_url_stands(url, secret, text, left):
    place, _, query = url.partition("?")
    cleaned = without_signatures(
        text.format(
            query=f"/images/a.jpg?{query}",
            first=f"http://a.test/1?{query}",
            second=f"http://a.test/2?{query}",
            coded=in_query(url),
        )
    )
    assert cleaned == left.format(coded_left=in_query(place))
    assert_gone(secret, cleaned)


@pytest.mark.parametrize(("url", "secret"), URLS)
def test_a_part_of_a_signed_url_keeps_no_part_of_the_signature(url, secret):
    """A proxy may have cut the url at its front, or a mark of its own stands in it."""
    query = url.partition("?")[2]
    for start in range(len(query) - len(secret) - len("Signature=") + 1):
        assert_gone(secret, without_signatures(f"of {query[start:]} no"))
    for mark in " ", '"', "\n", "...":
        assert_gone(secret, without_signatures(url.replace("&", f"&{mark}")))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("the signature does not match: 403", id="prose"),
        pytest.param(
            "https://storage.googleapis.com/images/a.jpg?generation=17&alt=media", id="url"
        ),
        pytest.param('{"error": "no credential is set?", "Signature": null}', id="JSON"),
        pytest.param("https://a.test/Signature/Credential?x=1", id="path"),
        pytest.param("", id="empty"),
    ],
)
def test_a_text_without_a_signed_url_stays_as_it_is(text):
    assert without_signatures(text) == text


# Without what a parameter of a url takes.
prose = st.text(st.characters(exclude_characters="=%&\\"))


@given(prose, prose)
def test_a_text_around_a_signed_url_stays(before, after):
    place = GCS_V4.partition("?")[0]
    assert without_signatures(f'{before} "{GCS_V4}" {after}') == f'{before} "{place}" {after}'


@given(st.text(alphabet="?&=%3fFdD25\\u0026;:.,/ \"'signature-x", max_size=200))
def test_no_text_keeps_a_signature_behind_it(noise):
    assert_gone(GCS_V4_SECRET, without_signatures(f"{noise}{GCS_V4}{noise}"))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\\" * 200_000, id="backslashes"),
        pytest.param("?" * 200_000, id="question marks"),
        pytest.param("%" + "25" * 100_000, id="percent codes"),
        pytest.param("?" + "signature" * 20_000, id="no value"),
        pytest.param("x?Signature=" * 20_000, id="many"),
        pytest.param("%3f" * 60_000, id="coded question marks"),
    ],
)
def test_a_hostile_text_takes_little_time(text):
    start = time.thread_time()
    without_signatures(text)
    assert time.thread_time() - start < 5


def test_try_again_comes_out_of_a_pickle_as_it_went_in():
    error = pickle.loads(pickle.dumps(TryAgainError("HTTP 429: slow down", 7.5)))  # noqa: S301
    assert (str(error), error.retry_after_seconds) == ("HTTP 429: slow down", 7.5)
