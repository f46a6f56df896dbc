"""Mistakes planted in a copy of the code, one at a time: each is caught by what should see it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.check.providers import ToolMissingError
from infra.check.terraform import terraform
from tests.emulators.environments import skip_or_fail
from tests.emulators.servers import ToolMissingError as LinterMissingError
from tests.infra.check.checkov import run_checkov

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ROOT = Path(__file__).parents[3]
# What the contract tests read beside infra/, docker/ and themselves.
LINKED = ("benchmarks", "dataflow", "docs", "functions", "pyproject.toml", "training", "vidset")
LINKED += ("Makefile",)
SECONDS = 500


def validate(copy: Path, _: str) -> str:
    return failed(terraform("validate", copy / "infra", ["-no-color"], capture=True))


def assertions(copy: Path, file: str) -> str:
    arguments = ["-no-color", f"-filter=tests/{file}.tftest.hcl"]
    return failed(terraform("test", copy / "infra", arguments, capture=True))


def contracts(copy: Path, test: str) -> str:
    return failed(
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", test],
            check=False,
            cwd=copy,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env=os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        )
    )


def checkov(copy: Path, file: str) -> str:
    alone = copy / "alone"
    alone.mkdir()
    shutil.copy(copy / "infra" / file, alone)
    found = run_checkov(alone)["failed_checks"]
    return "\n".join(f"{each['check_id']} {each['resource']}" for each in found)


def failed(ended: subprocess.CompletedProcess[str]) -> str:
    """What a program said that had to fail, as one line."""
    assert ended.returncode == 1, ended.stdout + ended.stderr
    return " ".join(re.sub(r"[│╷╵]", " ", ended.stdout + ended.stderr).split())


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake.

    Attributes:
        file: in infra/.
        pattern, instead: a regular expression that is found there once, and what stands there then.
        catcher: which check sees it, and what of that check is enough.
        says: part of what the check says.
    """

    file: str
    pattern: str
    instead: str
    catcher: Callable[[Path, str], str]
    of: str
    says: str


GRANTS = "tests/infra/test_grants.py"
CONTRACTS = "tests/contracts/test_infrastructure.py"
MISTAKES = {
    "the job reads the wrong subscription": Mistake(
        "ingest.tf",
        r"google_pubsub_subscription\.uploads\.id",
        "google_pubsub_subscription.images.id",
        assertions,
        "wiring",
        "The job must read the subscription.",
    ),
    "a notification goes to the wrong topic": Mistake(
        "images.tf",
        r"(google_storage_bucket\.images\.name\n  topic          = google_pubsub_topic\.)images",
        r"\1uploads",
        assertions,
        "wiring",
        "images_reach_request_labeling_and_no_upload_does",
    ),
    "a subscription has no dead letters": Mistake(
        "images.tf",
        r"  dead_letter_policy \{\n.*\n.*\n  \}\n",
        "",
        assertions,
        "wiring",
        "what_cannot_be_used_is_kept",
    ),
    "temporary files stay for ever": Mistake(
        "staging.tf",
        r', "temp/" = 7',
        "",
        assertions,
        "storage",
        "what_is_temporary_goes",
    ),
    "a bucket may be made public": Mistake(
        "uploads.tf",
        r'public_access_prevention    = "enforced"',
        'public_access_prevention    = "inherited"',
        checkov,
        "uploads.tf",
        "CKV_GCP_114 google_storage_bucket.uploads",
    ),
    "Cloud Storage may not publish": Mistake(
        "uploads.tf",
        r'resource "google_pubsub_topic_iam_member" "storage_publishes_uploads" \{(.|\n)*?\n\}\n',
        "",
        validate,
        "",
        '"google_pubsub_topic_iam_member" "storage_publishes_uploads" has not been declared',
    ),
    "an account lacks a grant that nothing refers to": Mistake(
        "images.tf",
        r'resource "google_storage_bucket_iam_member" "trainer_reads_images" \{(.|\n)*?\n\}\n',
        "",
        contracts,
        f"{GRANTS}::test_each_grant_is_written_down",
        "trainer",
    ),
    "an account owns the project": Mistake(
        "export.tf",
        r"roles/dataflow\.developer",
        "roles/owner",
        contracts,
        f"{GRANTS}::test_no_role_is_a_basic_one",
        "roles/owner",
    ),
    "a function's variable is misspelt": Mistake(
        "labeling.tf",
        r"LABELING_STORE  =",
        "LABELING_STOR  =",
        contracts,
        f"{CONTRACTS}::test_the_functions_start_with_their_environment",
        "LABELING_STORE",
    ),
    "a job's parameter is misspelt": Mistake(
        "ingest.tf",
        r"dead_letter_topic  =",
        "dead_letters_topic =",
        contracts,
        f"{CONTRACTS}::test_the_templates_take_the_parameters",
        "dead_letters_topic",
    ),
    "a column has another type": Mistake(
        "schemas/frames.json",
        r'"pts_seconds", "type": "FLOAT"',
        '"pts_seconds", "type": "STRING"',
        contracts,
        "tests/contracts/test_schemas.py",
        "pts_seconds",
    ),
    "a secret is in the code": Mistake(
        "secrets.tf",
        r"\Z",
        'resource "google_secret_manager_secret_version" "token" {\n'
        '  secret      = google_secret_manager_secret.labeling["LABEL_STUDIO_TOKEN"].id\n'
        '  secret_data = "b6f0e1"\n}\n',
        contracts,
        "tests/infra/test_variables.py::test_no_secret_s_value_is_in_the_code",
        "google_secret_manager_secret_version",
    ),
}


@pytest.fixture
def copy(tmp_path) -> Path:
    """What the checks read; infra/ and the tests may be changed."""
    for name in "infra", "tests", "docker":
        kept = shutil.ignore_patterns("__pycache__", ".terraform", "*.tfstate", "*override.tf")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=kept)
    for name in LINKED:
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_caught(copy, mistake):
    path = copy / "infra" / mistake.file
    changed, times = re.subn(mistake.pattern, mistake.instead, path.read_text())
    assert times == 1, (
        f"{mistake.pattern} is not once in {mistake.file}: the mistake is out of date"
    )
    path.write_text(changed)
    try:
        said = mistake.catcher(copy, mistake.of)
    except (ToolMissingError, LinterMissingError) as missing:
        skip_or_fail(missing)
    assert mistake.says in said
