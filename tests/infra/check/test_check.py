"""check.py as it is run: the real Terraform on infra/, and on code with faults."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.check.providers import ToolMissingError, load_providers
from tests.emulators.environments import skip_or_fail
from tests.paths import ROOT

INFRA = ROOT / "infra"
SMALL = """
terraform {
  required_providers {
    google = { source = "hashicorp/google" }
  }
}

resource "google_storage_bucket" "uploads" {
  name     = "uploads"
  location = "EU"
}
"""
INVENTORY_TEST = """
mock_provider "google" {}

run "everything" {
  command = apply
}
"""
GRANT = """
resource "google_service_account" "worker" {
  account_id = "worker"
}

resource "google_storage_bucket_iam_member" "worker_reads" {
  bucket = google_storage_bucket.uploads.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.worker.member

  condition {
    title      = "own prefix"
    expression = "resource.name.startsWith(\\"projects/_/buckets/uploads/objects/c7/\\")"
  }
}
"""


def check(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(INFRA / "check" / "check.py"), *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
        env=os.environ | environment,
    )


@pytest.fixture
def tools() -> None:
    """Terraform, and the schemas, which are fetched once."""
    missing = None if shutil.which("terraform") else "terraform is not installed"
    try:
        load_providers()
    except ToolMissingError as error:
        missing = str(error)
    if missing:
        skip_or_fail(missing)


@pytest.fixture
def code(tmp_path, tools) -> Path:
    """A folder with a few lines of Terraform."""
    (tmp_path / "main.tf").write_text(SMALL)
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("fmt",), id="fmt"),
        pytest.param(("validate",), id="validate"),
        # All files take a minute of the processor: `make infra-check` and .ci/run do them, too.
        pytest.param(("test", "--", "-filter=tests/wiring.tftest.hcl"), id="test"),
        pytest.param(("test",), id="test all", marks=pytest.mark.chaos),
        pytest.param(("rules",), id="rules"),
    ],
)
def test_the_code_passes(tools, arguments):
    ended = check(*arguments)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_schemas_are_of_the_version_that_the_code_asks_for(tools):
    versions = {
        provider.source.rpartition("/")[2]: provider.version for provider in load_providers()
    }
    assert versions == {"google": "6.50.0", "google-beta": "6.50.0"}
    assert (INFRA / "versions.tf").read_text().count('version = "~> 6.50"') == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("location", "locaton", "Unsupported argument", id="unknown-argument"),
        pytest.param('location = "EU"', "", "Missing required argument", id="missing-argument"),
        pytest.param('"EU"', "{}", "Incorrect attribute value type", id="wrong-type"),
        pytest.param(
            "google_storage_bucket", "google_storage_bukket", "Invalid resource type", id="type"
        ),
        pytest.param('"EU"', "var.place", "Reference to undeclared", id="reference"),
    ],
)
def test_validate_names_a_fault(code, old, new, said):
    (code / "main.tf").write_text(SMALL.replace(old, new))
    ended = check("validate", "--dir", str(code))
    assert ended.returncode == 1
    assert said in ended.stderr


def test_validate_takes_arguments_for_terraform(code):
    ended = check("validate", "--dir", str(code), "--", "-json")
    assert json.loads(ended.stdout)["valid"] is True


def test_fmt_shows_what_is_not_laid_out(code):
    (code / "main.tf").write_text(SMALL.replace("name     =", "name ="))
    ended = check("fmt", "--dir", str(code))
    assert ended.returncode == 3
    assert '+  name     = "uploads"' in ended.stdout


def test_test_fails_with_an_assertion(code):
    (code / "tests").mkdir()
    (code / "tests" / "a.tftest.hcl").write_text(
        'mock_provider "google" {}\nrun "a" {\n  assert {\n'
        '    condition     = google_storage_bucket.uploads.location == "US"\n'
        '    error_message = "The bucket must be in the US."\n  }\n}\n'
    )
    ended = check("test", "--dir", str(code))
    assert ended.returncode == 1
    assert "The bucket must be in the US." in ended.stdout + ended.stderr


def test_inventory_lists_resources_and_grants(code):
    (code / "main.tf").write_text(SMALL + GRANT)
    (code / "check").mkdir()
    (code / "check" / "inventory.tftest.hcl").write_text(INVENTORY_TEST)
    ended = check("inventory", "--dir", str(code), "--json")
    assert json.loads(ended.stdout) == {
        "resources": {
            "google_service_account": ["google_service_account.worker"],
            "google_storage_bucket": ["google_storage_bucket.uploads"],
            "google_storage_bucket_iam_member": ["google_storage_bucket_iam_member.worker_reads"],
        },
        "grants": [
            {
                "member": "google_service_account.worker.member",
                "role": "roles/storage.objectViewer",
                "on": "storage_bucket uploads",
                "condition": 'resource.name.startsWith("projects/_/buckets/uploads/objects/c7/")',
                "address": "google_storage_bucket_iam_member.worker_reads",
            }
        ],
    }
    table = check("inventory", "--dir", str(code)).stdout.splitlines()
    assert table[0] == "3 resources of 3 types"
    assert "google_storage_bucket: 1" in table
    assert table[-1].split()[:4] == [
        "google_service_account.worker.member",
        "roles/storage.objectViewer",
        "storage_bucket",
        "uploads",
    ]


def test_inventory_says_why_there_is_none(code):
    (code / "check").mkdir()
    (code / "check" / "inventory.tftest.hcl").write_text(INVENTORY_TEST)
    (code / "main.tf").write_text(SMALL + 'variable "region" {\n  type = string\n}\n')
    ended = check("inventory", "--dir", str(code))
    assert ended.returncode == 1
    assert "region" in ended.stderr


@pytest.mark.parametrize(
    ("command", "path", "said"),
    [
        pytest.param("fmt", "", "terraform is not installed", id="terraform"),
        pytest.param("validate", "", "npm is not installed", id="npm"),
    ],
)
def test_a_missing_tool_is_named(code, tmp_path, command, path, said):
    ended = check(command, "--dir", str(code), PATH=path, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert ended.returncode == 2
    assert said in ended.stderr


def test_a_folder_without_code_is_refused(tmp_path):
    ended = check("validate", "--dir", str(tmp_path))
    assert ended.returncode == 2
    assert f"there is no Terraform code in {tmp_path}" in ended.stderr


@pytest.mark.slow
def test_the_inventory_of_infra_names_everyone(tools):
    found = json.loads(check("inventory", "--json").stdout)
    assert {"google_storage_bucket", "google_pubsub_topic"} <= set(found["resources"])
    assert not [g for g in found["grants"] if not g["member"] or not g["role"] or not g["on"]]
