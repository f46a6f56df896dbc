import hashlib
import logging
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
import numpy as np
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from google.oauth2.credentials import Credentials

from tests.labeling.iam_double import EMAIL, TOKEN, Iam
from vidset.jpeg import jpeg
from vidset.labeling.errors import TryAgainError
from vidset.labeling.images.access import StoreImages
from vidset.storage import gcs_signing
from vidset.storage.gcs import GcsStore
from vidset.storage.gcs_signing import IamSigning
from vidset.storage.open import Stores

URI = "gs://images/out/cam 1/Straße?%0A#/17/0000001000.jpg"
JPEG = jpeg(np.zeros((48, 64, 3), np.uint8), 95)


@pytest.fixture
def iam() -> Iam:
    return Iam()


@pytest.fixture
def signing(iam, monkeypatch) -> Iterator[IamSigning]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with iam.serve() as address:

        class ToTheDouble(gcs_signing._TimedRequest):
            def __call__(self, url, *arguments, **options):
                assert url.startswith("https://iamcredentials.googleapis.com/")
                url = url.replace("https://iamcredentials.googleapis.com", address)
                return super().__call__(url, *arguments, **options)

        yield IamSigning(Credentials(TOKEN), EMAIL, ToTheDouble())


@pytest.fixture
def stored(gcs):
    """The image in Cloud Storage."""
    blob = gcs.make_bucket("images").blob(URI.removeprefix("gs://images/"))
    blob.upload_from_string(JPEG, content_type="image/jpeg")
    return blob


def signed_images(hours: int, signing: IamSigning) -> StoreImages:
    class Signed(Stores):
        def find(self, uri):
            return GcsStore("images", signing=signing), uri.removeprefix("gs://images/")

    return StoreImages("gs", "signed", timedelta(hours=hours), Signed())


def verify(url: str, iam: Iam) -> None:
    """As https://cloud.google.com/storage/docs/authentication/canonical-requests has it."""
    parts = urlsplit(url)
    parameters = dict(parse_qsl(parts.query, strict_parsing=True))
    signature = bytes.fromhex(parameters.pop("X-Goog-Signature"))
    query = "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}"
        for name, value in sorted(parameters.items())
    )
    assert parameters["X-Goog-SignedHeaders"] == "host"
    lines = ["GET", parts.path, query, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD"]
    account, scope = parameters["X-Goog-Credential"].split("/", 1)
    assert account == EMAIL
    moment = parameters["X-Goog-Date"]
    assert scope == f"{moment[:8]}/auto/storage/goog4_request"
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    signed = "\n".join(["GOOG4-RSA-SHA256", moment, scope, digest]).encode()
    iam.key.public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.emulator
def test_a_signed_url_is_valid_for_its_time_and_for_nothing_else(stored, signing, iam):
    url = signed_images(1, signing).url(URI)
    verify(url, iam)
    parameters = dict(parse_qsl(urlsplit(url).query))
    assert parameters["X-Goog-Algorithm"] == "GOOG4-RSA-SHA256"
    assert parameters["X-Goog-Expires"] == "3600"
    made_at = datetime.strptime(parameters["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - made_at) < timedelta(minutes=1)
    assert urlsplit(url).path == ("/images/out/cam%201/Stra%C3%9Fe%3F%250A%23/17/0000001000.jpg")
    assert httpx.get(url, trust_env=False, timeout=600).content == JPEG
    for true, forged in ("Expires=3600", "Expires=3601"), ("cam%201", "cam%202"):
        assert true in url
        with pytest.raises(InvalidSignature):
            verify(url.replace(true, forged), iam)
    path = f"/v1/projects/-/serviceAccounts/{EMAIL}:signBlob"
    assert iam.calls == [(path, f"Bearer {TOKEN}")]


@pytest.mark.emulator
def test_the_longest_lifetime_that_settings_allow_can_be_signed(stored, signing, iam):
    url = signed_images(168, signing).url(URI)
    verify(url, iam)
    assert "X-Goog-Expires=604800" in url


@pytest.mark.emulator
def test_urls_can_be_signed_by_several_threads(stored, signing, iam):
    images, urls = signed_images(1, signing), []
    threads = [
        threading.Thread(target=lambda: urls.append(images.url(URI)), daemon=True) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(600)
    assert len(urls) == 8
    for url in urls:
        verify(url, iam)


@pytest.mark.parametrize(
    ("access", "url"),
    [
        pytest.param("uri", URI, id="uri"),
        pytest.param(
            "https://cdn.test/{bucket}/{name}",
            "https://cdn.test/images/out/cam%201/Stra%C3%9Fe%3F%250A%23/17/0000001000.jpg",
            id="an url of yours",
        ),
    ],
)
def test_an_url_without_signature_takes_no_service(access, url):
    assert StoreImages("gs", access, timedelta(hours=1)).url(URI) == url


def assert_untold(text: str, iam: Iam) -> None:
    assert TOKEN not in text
    assert "X-Goog-Credential" not in text
    assert "X-Goog-Signature" not in text


@pytest.mark.emulator
@pytest.mark.parametrize(
    ("failures", "attempts", "told"),
    [
        pytest.param([403], 1, "denied by IAM", id="forbidden"),
        pytest.param([429], 1, "denied by IAM", id="too many"),
        pytest.param([503] * 9, 3, "exhausted signBlob endpoint retries", id="down"),
    ],
)
def test_a_failure_of_iam_is_raised_after_few_attempts_and_tells_no_url(
    stored, signing, iam, caplog, failures, attempts, told
):
    caplog.set_level(logging.DEBUG)
    iam.failures = failures
    with pytest.raises(TryAgainError, match=f"{re.escape(URI)} cannot be signed now: ") as raised:
        signed_images(1, signing).url(URI)
    assert len(iam.calls) == attempts
    assert told in str(raised.value)
    assert_untold(repr(raised.value) + caplog.text, iam)


@pytest.mark.emulator
def test_iam_that_is_down_for_a_moment_is_asked_again(stored, signing, iam, caplog):
    caplog.set_level(logging.DEBUG)
    iam.failures = [503]
    url = signed_images(1, signing).url(URI)
    verify(url, iam)
    assert_untold(caplog.text, iam)
    assert url not in caplog.text


@pytest.mark.emulator
def test_iam_that_does_not_answer_is_given_up(stored, signing, iam, monkeypatch):
    monkeypatch.setattr(gcs_signing, "_TIMEOUT_SECONDS", 0.2)
    iam.seconds = 3600
    with pytest.raises(TryAgainError, match=r"timed out|timeout"):
        signed_images(1, signing).url(URI)


@pytest.mark.emulator
def test_an_image_in_cloud_storage_tells_its_size(stored, caplog):
    images = StoreImages("gs", "signed", timedelta(hours=1))
    assert images.size(URI) == (64, 48)


@pytest.mark.emulator
def test_an_image_with_a_long_header_tells_its_size(gcs):
    profile = b"\xff\xe2\xff\xff" + bytes(0xFFFD)
    blob = gcs.make_bucket("images").blob("a.jpg")
    blob.upload_from_string(JPEG[:2] + profile * 20 + JPEG[2:])
    assert StoreImages("gs", "uri", timedelta(hours=1)).size("gs://images/a.jpg") == (64, 48)


@pytest.mark.emulator
@pytest.mark.parametrize(
    "content", [b"", b"no image", b"\0" * 3_000_000], ids=["empty", "text", "long"]
)
def test_an_object_that_is_no_image_is_refused(gcs, content):
    gcs.make_bucket("images").blob("a.jpg").upload_from_string(content)
    with pytest.raises(ValueError, match=r"gs://images/a\.jpg: wanted a JPEG or PNG"):
        StoreImages("gs", "uri", timedelta(hours=1)).size("gs://images/a.jpg")


@pytest.mark.emulator
@pytest.mark.parametrize("uri", ["gs://images/none.jpg", "gs://nowhere/a.jpg"])
def test_an_object_that_is_not_there_is_told(gcs, uri):
    gcs.make_bucket("images")
    with pytest.raises(FileNotFoundError, match=uri):
        StoreImages("gs", "uri", timedelta(hours=1)).size(uri)
