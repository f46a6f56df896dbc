"""Tokens that expire, are revoked or come from a file that is renewed.

Google's library asks a token server of ours for them; it is the real one, only the addresses are
others. boto3 reads a file of credentials.
"""

import json
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.upload import stores
from tests.upload.gcs_front import GcsFront
from tests.upload.proxy import Answer, Fault, running
from tests.upload.recordings import MIB
from tests.upload.stores import is_bytes

pytestmark = [pytest.mark.emulator, pytest.mark.slow]
JSON = {"Content-Type": "application/json"}
# As a process would run against Google's own host, which is at another address here.
PROGRAM = """
import sys
from vidset.upload import gcs, run
gcs._HOST, run._FIRST_RETRY_SECONDS = sys.argv.pop(1), 0.5
from vidset.cli.main import run
run()
"""


class Tokens(ThreadingHTTPServer):
    """Gives tokens to a service account, and to holders of the right subject token.

    Attributes:
        valid: the tokens that the store takes; `given` are all.
        subjects: the subject tokens that are good now.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.valid, self.given, self.subjects, self.refused = set(), [], set(), 0
        self.url = f"http://127.0.0.1:{self.server_port}/token"

    def answer(self, form):
        subject = form.get("subject_token")
        if subject is not None and subject not in self.subjects:
            self.refused += 1
            said = {"error": "invalid_grant", "error_description": "The subject token has expired"}
            return 400, said
        token = f"token-{len(self.given)}"
        self.given.append(token)
        self.valid = {token}  # The one before is over.
        issued = {"issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}
        return 200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"} | issued


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {key: values[0] for key, values in parse_qs(body).items()}
        status, said = self.server.answer(form)
        data = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class GuardedFront(GcsFront):
    """Takes requests with a valid token only; bytes go to a session's address, without one."""

    def __init__(self, upstream, tokens):
        super().__init__(upstream)
        self.tokens = tokens
        self.at_first_bytes = lambda: None

    def respond(self, request):
        if is_bytes(request):
            self.at_first_bytes()
            self.at_first_bytes = lambda: None
        said = request.headers.get("Authorization", "")
        is_session = "upload_id=" in urlsplit(request.path).query
        if not is_session and said.removeprefix("Bearer ") not in self.tokens.valid:
            return Answer(401, JSON, b'{"error": {"code": 401, "message": "Invalid Credentials"}}')
        return super().respond(request)


@contextmanager
def serving(tokens):
    thread = threading.Thread(target=tokens.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield tokens
    finally:
        tokens.shutdown()
        tokens.server_close()
        thread.join()


@pytest.fixture
def tokens():
    with serving(Tokens()) as tokens:
        yield tokens


@pytest.fixture
def guarded(gcs, tokens, tmp_path):
    front = GuardedFront(gcs.url.removeprefix("http://"), tokens)
    with running(front) as proxy:
        store = stores.cloud_storage(gcs, proxy)
        adc = {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "adc.json")}
        yield stores.Store(
            store.bucket,
            adc | {"STORAGE_EMULATOR_HOST": "", "NO_GCE_CHECK": "true"},
            store.objects,
            store.described,
            proxy,
        )


def service_account(tmp_path, tokens):
    """Application default credentials: a key of a service account."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    found = {
        "type": "service_account",
        "client_email": "cam1@team.iam.gserviceaccount.com",
        "private_key": key.decode(),
        "private_key_id": "k",
        "project_id": "team",
        "token_uri": tokens.url,
    }
    (tmp_path / "adc.json").write_text(json.dumps(found))


def subject_file(tmp_path, tokens):
    """Workload identity: the library reads a subject token from a file, which somebody renews."""
    found = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/x",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": tokens.url,
        "credential_source": {"file": str(tmp_path / "subject")},
    }
    (tmp_path / "adc.json").write_text(json.dumps(found))


def words(store):
    return [sys.executable, "-c", PROGRAM, store.proxy.url, "upload"]


def test_a_token_that_expires_in_the_middle_is_renewed(guarded, tokens, card, tmp_path):
    service_account(tmp_path, tokens)
    made = [card.record("a.mp4"), card.record("b.mp4", seed=2)]
    was_revoked = []

    def revoke():
        tokens.valid = set()
        was_revoked.append(len(tokens.given))

    guarded.proxy.at_first_bytes = revoke
    until = lambda: card.left() == []  # noqa: E731
    card.upload(guarded, "--rate", "500kB/s", until=until, words=words(guarded))
    assert len(tokens.given) > was_revoked[0]
    assert len(card.files) == len(made)


def test_a_token_file_that_is_renewed_is_read_anew(guarded, tokens, card, tmp_path):
    subject_file(tmp_path, tokens)
    card.record("a.mp4", 2 * MIB)
    (tmp_path / "subject").write_text("OLD")
    tokens.subjects = {"NEW"}
    cause = "the account's token cannot be renewed"

    def give():
        if card.says(cause):
            (tmp_path / "new").write_text("NEW")
            (tmp_path / "new").rename(tmp_path / "subject")

    if card.is_followed:
        card.upload(guarded, meanwhile=give, until=lambda: card.left() == [], words=words(guarded))
    else:
        card.upload(guarded, until=lambda: card.says(cause), words=words(guarded))
        assert card.left() == ["a.mp4"]
        give()
        card.upload(guarded, until=lambda: card.left() == [], words=words(guarded))
    assert tokens.refused
    assert card.files["a.mp4"]["verified"]


def test_a_file_of_credentials_that_is_renewed_is_read_anew(s3_bucket, card, tmp_path):
    keys, proxy = tmp_path / "credentials", s3_bucket.proxy

    def give(key):
        new = keys.with_name("new")
        new.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = x\n")
        new.rename(keys)

    def is_old(request):
        return "Credential=OLD/" in request.headers.get("Authorization", "")

    give("OLD")
    expired = b"<Error><Code>ExpiredToken</Code><Message>Expired.</Message></Error>"
    answer = Answer(400, {"Content-Type": "application/xml"}, expired)
    proxy.faults = [Fault(is_old, answer, times=1e9)]
    environment = s3_bucket.environment | {"AWS_SHARED_CREDENTIALS_FILE": str(keys)}
    for name in "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN":
        environment[name] = ""
    store = stores.Store(s3_bucket.bucket, environment, s3_bucket.objects, None, proxy)
    data = card.record("a.mp4", 9 * MIB)
    renew = lambda: give("NEW") if proxy.sent(is_old) else None  # noqa: E731
    card.upload(store, meanwhile=renew, until=lambda: card.left() == [])
    assert proxy.sent(is_old)
    assert list(store.objects().values()) == [data]
