"""Destinations that do not take what they are given, and wrong usage: exit code 2."""

import pytest

from tests.upload.proxy import Answer, Fault
from tests.upload.recordings import MIB, recording, upload
from tests.upload.stores import is_bytes, is_look

FORBIDDEN = Answer(
    403,
    {"Content-Type": "application/json"},
    b'{"error": {"code": 403, "message": "cam1 does not have storage.objects.create access"}}',
)


def any_request(request):
    return True


@pytest.mark.emulator
def test_a_wrong_bucket_is_told_before_any_work(cloud, send, tmp_path):
    path = recording(tmp_path / "a.mp4", 9 * MIB)
    scheme = "s3" if "s3" in cloud.bucket else "gs"
    ended = send(cloud, path, "--to", f"{scheme}://no-such-bucket")
    assert (ended.code, ended.refusal in ended.stderr) == (2, True)
    assert ended.stderr == f"vidset: --to: there is no bucket {scheme}://no-such-bucket\n"


@pytest.mark.emulator
def test_an_account_that_may_not_create_is_told_so(cloud, send, tmp_path):
    path = recording(tmp_path / "a.mp4", MIB)
    cloud.proxy.faults = [Fault(any_request, FORBIDDEN, times=1e9)]
    ended = send(cloud, path)
    assert (ended.code, ended.refusal in ended.stderr) == (2, True)
    assert "this account may not" in ended.stderr
    assert "/cam1/" in ended.stderr
    assert cloud.proxy.sent(is_bytes) == [] or "s3" in cloud.bucket


@pytest.mark.emulator
@pytest.mark.parametrize("size", [pytest.param(None, id="small"), pytest.param(20 * MIB, id="big")])
def test_an_account_that_may_create_and_not_look_uploads_once(cloud, send, tmp_path, size):
    path = recording(tmp_path / "a.mp4", size)
    cloud.proxy.faults = [Fault(is_look, FORBIDDEN, times=1e9)]
    ended = send(cloud, path)
    # The answer to the upload tells the checksum, but S3 does not where it came in parts.
    is_verified = "s3" not in cloud.bucket or size is None
    assert (ended.code, ended.file["state"], ended.file["verified"]) == (0, "uploaded", is_verified)
    again = send(cloud, path, "--delete")
    assert (again.code, again.file["state"], again.file["verified"]) == (0, "present", False)
    assert path.exists()
    assert "kept: its checksum at the store could not be compared" in again.stderr
    assert list(cloud.objects().values()) == [path.read_bytes()]


@pytest.mark.emulator
def test_another_object_of_the_same_name_is_not_taken_for_ours(cloud, send, gcs_or_s3, tmp_path):
    path = recording(tmp_path / "a.mp4")
    name = send(cloud, path, "--dry-run").file["uri"].partition("uploads/")[2]
    gcs_or_s3(name, b"others")
    ended = send(cloud, path)
    assert (ended.code, ended.file["state"]) == (1, "failed")
    assert "the object has other content" in ended.stderr
    assert cloud.objects() == {name: b"others"}


@pytest.fixture
def gcs_or_s3(request, cloud):
    """Puts an object, as somebody else."""

    def put(name, data):
        if "s3" in cloud.bucket:
            s3 = request.getfixturevalue("s3")
            s3.client().put_object(Bucket="uploads", Key=name, Body=data)
        else:
            gcs = request.getfixturevalue("gcs")
            gcs.client().bucket("uploads").blob(name).upload_from_string(data)

    return put


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--to", "b"], "--to: wanted a bucket's name", id="too short"),
        pytest.param(["--to", "ftp://bucket"], "got 'ftp://bucket'", id="other scheme"),
        pytest.param(["--to", "gs://Bucket"], "got 'gs://Bucket'", id="no bucket's name"),
        pytest.param(["--to", "gs://bucket/a//b"], "no empty, '.' or '..'", id="prefix"),
        pytest.param(["--to", "./none"], "there is no such folder", id="no folder"),
        pytest.param(["--collector", "a/b"], "--collector: wanted up to 63", id="slash"),
        pytest.param(["--collector", ""], "--collector: wanted up to 63", id="empty"),
        pytest.param(["--collector", ".."], "--collector: wanted up to 63", id="dots"),
        pytest.param(["--rate", "fast"], "--rate: wanted a rate such as 5MB/s", id="rate"),
        pytest.param(["--rate", "3B/s"], "--rate: wanted at least 1 KiB/s", id="too slow"),
        pytest.param(["--follow", "."], "--follow: wanted one folder to follow, got 2", id="both"),
        pytest.param(["--move-to", "none"], "wanted a folder that this user may write", id="move"),
        pytest.param(["--move-to", ".", "--delete"], "wanted --move-to or --delete", id="two ends"),
        pytest.param(["--settle", "nan"], "--settle: wanted a number of seconds", id="settle"),
        pytest.param(["--retry-for", "-1"], "--retry-for: wanted a number", id="patience"),
    ],
)
def test_wrong_usage_is_told_before_any_work(folder, send, tmp_path, arguments, said):
    ended = send(folder, tmp_path / "none.mp4", *arguments)
    assert (ended.code, ended.refusal in ended.stderr) == (2, True)
    assert said in ended.stderr


def test_a_watched_folder_may_not_hold_what_was_moved(folder, tmp_path):
    arguments = ("--to", folder.bucket, "--collector", "c", "--state", tmp_path / "s")
    ended = upload(tmp_path, "--follow", "--move-to", tmp_path / "uploads", *arguments)
    assert (ended.code, ended.refusal in ended.stderr) == (2, True)
    assert f"it lies in {tmp_path}, which is to be uploaded" in ended.stderr


@pytest.mark.parametrize("follow", [["--follow"], []], ids=["watched", "named"])
@pytest.mark.parametrize("watched", [".", "uploads", "uploads/c"])
def test_a_folder_of_recordings_may_not_hold_what_is_uploaded(folder, tmp_path, watched, follow):
    """Each upload would be a recording again, and with --delete be lost."""
    arguments = ("--to", folder.bucket, "--collector", "c", "--state", tmp_path / "s")
    (tmp_path / "uploads" / "c").mkdir()
    ended = upload(tmp_path / watched, *follow, "--delete", *arguments)
    assert (ended.code, ended.refusal in ended.stderr) == (2, True)
    assert f"--to {tmp_path}/uploads/c: it lies in " in ended.stderr


def test_what_it_remembers_is_for_its_user_alone(folder, send, tmp_path):
    path, state = recording(tmp_path / "a.mp4"), tmp_path / "state"
    assert send(folder, path).code == 0
    assert {oct(each.stat().st_mode & 0o077) for each in (state, state / "state.sqlite")} == {"0o0"}
    state.chmod(0o755)
    ended = send(folder, path)
    assert ended.code == 2
    assert f"--state {state}: wanted mode 700, got 755" in ended.stderr


@pytest.mark.parametrize(
    ("bucket", "environment", "said"),
    [
        pytest.param(
            "gs://bucket",
            {"STORAGE_EMULATOR_HOST": "https://127.0.0.1:1", "REQUESTS_CA_BUNDLE": "/none"},
            "TLS CA certificate bundle, invalid path: /none",
            id="gs: certificates",
        ),
        pytest.param(
            "gs://bucket",
            {"STORAGE_EMULATOR_HOST": "127.0.0.1:1"},
            "No connection adapters were found",
            id="gs: address",
        ),
        pytest.param("s3://bucket", {"AWS_PROFILE": "none"}, "profile (none)", id="s3: profile"),
        pytest.param(
            "s3://bucket",
            {"AWS_ENDPOINT_URL": "x", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
            "Invalid endpoint: x",
            id="s3: address",
        ),
    ],
)
def test_a_wrong_environment_is_wrong_usage(tmp_path, bucket, environment, said):
    path = recording(tmp_path / "a.mp4")
    arguments = ("--to", bucket, "--collector", "c", "--state", tmp_path / "state")
    ended = upload(path, *arguments, env=environment)
    assert (ended.code, ended.refusal in ended.stderr) == (2, True)
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.emulator
def test_without_credentials_nothing_begins(tmp_path):
    path = recording(tmp_path / "a.mp4")
    home = {
        "HOME": str(tmp_path),
        "CLOUDSDK_CONFIG": str(tmp_path),
        "NO_GCE_CHECK": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
        "GOOGLE_APPLICATION_CREDENTIALS": "",
    }
    for scheme in "gs", "s3":
        ended = upload(path, "--to", f"{scheme}://bucket", "--collector", "c", env=home)
        assert (ended.code, ended.refusal in ended.stderr) == (2, True)
        assert f"no credentials for {scheme}://" in ended.stderr
