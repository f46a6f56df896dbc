"""A bucket that is not there, or that one has no right to: every command says so, and how it is."""

import pytest

from tests.cli.called import vidset
from tests.storage.broken import broken_store
from tests.upload.proxy import Answer, Fault

pytestmark = pytest.mark.emulator
COMMANDS = (
    "status {}",
    "extract {}/in -o {}/out",
    "label status -p {} --store sqlite:labels.sqlite",
    "sync -p {} --store sqlite:labels.sqlite",
    "dataset pull v0 --from {} -p here",
    "plan {}",
)


@pytest.fixture(params=["gs", "s3"])
def refusing(request, monkeypatch, tmp_path):
    """The uri of a bucket, and the proxy before it."""
    monkeypatch.chdir(tmp_path)
    with broken_store(request, monkeypatch) as (place, proxy):
        yield place, proxy


@pytest.mark.parametrize("status", [400, 401, 403, 405, 409, 412, 416])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_store_that_refuses_is_named_with_what_it_said(refusing, status, command):
    place, proxy = refusing
    proxy.faults = [Fault(lambda _: True, Answer(status), times=1e9)]
    called = vidset(*command.format(place, place).split())
    assert called.code == 2, called.err
    assert place in called.refusal
    assert str(status) in called.refusal or "credentials" in called.refusal
    assert {"gs": "gcloud auth", "s3": "AWS_PROFILE"}[place[:2]] in called.err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_bucket_that_is_not_there_is_named(refusing, command):
    place = refusing[0].replace("things", "nowhere")
    called = vidset(*command.format(place, place).split())
    assert called.code in (1, 2), called.err
    assert place in called.err


def test_without_credentials_for_s3_the_command_says_so(s3, monkeypatch):
    s3.make_bucket("things")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    called = vidset("status", "s3://things")
    assert called.code == 2
    assert "Unable to locate credentials" in called.refusal


@pytest.mark.parametrize(
    "command",
    [
        "label status -p {} --store firestore://somebody",
        "sync -p {} --store sqlite:labels.sqlite --warehouse bq://somebody.data",
        "rights x --ledger bq://somebody.data",
    ],
)
def test_without_credentials_for_google_cloud_the_command_says_so(
    tmp_path, video, monkeypatch, command
):
    place = tmp_path / "place"
    assert vidset("extract", video, "-o", place).code == 0
    for name in ("FIRESTORE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST", "GOOGLE_CLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "nothing.json"))
    monkeypatch.chdir(tmp_path)
    called = vidset(*command.format(place).split())
    assert called.code == 2, called.err
    assert "nothing.json" in called.refusal
    assert "gcloud auth application-default login" in called.err
