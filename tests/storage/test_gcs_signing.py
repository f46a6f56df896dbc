"""Who can sign urls: an account of the machine, without a key of ours."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.labeling.iam_double import EMAIL, Iam
from vidset import labeling
from vidset.storage.gcs_signing import default_signing


def test_a_person_cannot_sign(tmp_path, monkeypatch):
    person = {
        "type": "authorized_user",
        "client_id": "c",
        "client_secret": "s",
        "refresh_token": "r",
    }
    (tmp_path / "adc.json").write_text(json.dumps(person))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "adc.json"))
    with pytest.raises(ValueError, match="signed urls need a service account"):
        default_signing()


def test_a_federated_identity_without_an_account_cannot_sign(tmp_path, monkeypatch):
    identity = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/"
        "providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {"file": "/nowhere"},
    }
    (tmp_path / "adc.json").write_text(json.dumps(identity))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "adc.json"))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "project-1")
    with pytest.raises(ValueError, match="signed urls need a service account"):
        default_signing()


@pytest.mark.emulator
def test_a_function_signs_as_its_own_account(tmp_path):
    program = (
        "from vidset.storage.gcs_signing import IamSigning, default_signing\n"
        "signing = default_signing()\n"
        "assert isinstance(signing, IamSigning), signing\n"
        "print(signing.signer_email)"
    )
    with Iam().serve() as address:
        host = address.removeprefix("http://")
        environment = {
            "GCE_METADATA_HOST": host,
            "GCE_METADATA_IP": host,
            "GOOGLE_CLOUD_PROJECT": "project-1",
            "NO_PROXY": "127.0.0.1",
            "HOME": str(tmp_path),
        }
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            timeout=600,
            env=environment,
            cwd=Path(labeling.__path__[0]).parents[1],
            check=False,
        )
    assert (done.stdout, done.returncode) == (f"{EMAIL}\n", 0), done.stderr


def test_the_broker_handles_no_private_key():
    for module in Path(labeling.__path__[0]).rglob("*.py"):
        text = module.read_text()
        for word in "PRIVATE KEY", "private_key", "from_service_account", "generate_private":
            assert word not in text, module
