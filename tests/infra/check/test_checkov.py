"""What checkov says of the Terraform code, and why some of its checks are left out."""

import shutil
from pathlib import Path

import pytest

from tests.emulators.environments import skip_or_fail
from tests.emulators.servers import ToolMissingError
from tests.infra.check.checkov import run_checkov
from tests.paths import ROOT

pytestmark = pytest.mark.slow
INFRA = ROOT / "infra"


def checked(folder: Path, shared: Path):
    try:
        return run_checkov(folder, shared)
    except ToolMissingError as missing:
        skip_or_fail(missing)


@pytest.fixture(scope="module")
def results(shared):
    return checked(INFRA, shared)


def test_no_check_fails(results):
    failed = [f"{each['check_id']} {each['resource']}" for each in results["failed_checks"]]
    assert not failed
    assert not results["parsing_errors"]
    assert len(results["passed_checks"]) > 100


def test_each_check_that_is_left_out_has_a_reason(results):
    skipped = {
        (each["check_id"], each["resource"]): each["check_result"].get("suppress_comment") or ""
        for each in results["skipped_checks"]
    }
    assert skipped
    assert not {what: why for what, why in skipped.items() if len(why.split()) < 4}


def test_a_public_bucket_fails(tmp_path, shared):
    shutil.copy(INFRA / "uploads.tf", tmp_path)
    code = tmp_path / "uploads.tf"
    assert '"enforced"' in code.read_text()
    code.write_text(code.read_text().replace('"enforced"', '"inherited"'))
    failed = {each["check_id"] for each in checked(tmp_path, shared)["failed_checks"]}
    assert "CKV_GCP_114" in failed  # "Ensure public access prevention is enforced"
