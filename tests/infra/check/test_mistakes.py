"""Mistakes planted in a copy of the code, one at a time: each is caught by what should see it."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.check.providers import ToolMissingError
from infra.check.rules import broken_rules
from infra.check.terraform import terraform
from tests.contracts import test_schemas
from tests.emulators.environments import skip_or_fail
from tests.emulators.servers import ToolMissingError as LinterMissingError
from tests.infra import test_functions, test_grants, test_jobs, test_variables
from tests.infra.applied import EVERYTHING, INFRA, Applied, apply
from tests.infra.check.checkov import run_checkov

pytestmark = [pytest.mark.slow]


@dataclass(frozen=True, slots=True)
class Planted:
    """A copy of infra/ with a mistake, and a folder for what is learned of it."""

    infra: Path
    shared: Path


# Whoever sees a mistake: what it says of it. It fails where it sees none.
Catcher = Callable[[Planted], str]


def validate(planted: Planted) -> str:
    return failed(terraform("validate", planted.infra, ["-no-color"], capture=True))


def assertions(file: str, run: str) -> Catcher:
    """Those of one `run` in one file of infra/tests."""

    def catch(planted: Planted) -> str:
        path = planted.infra / "tests" / f"{file}.tftest.hcl"
        about, *runs = re.split(r'^(?=run ")', path.read_text(), flags=re.MULTILINE)
        [wanted] = [each for each in runs if each.startswith(f'run "{run}" ')]
        path.write_text(about + wanted)
        arguments = ["-no-color", f"-filter=tests/{path.name}"]
        return failed(terraform("test", planted.infra, arguments, capture=True))

    return catch


def failed(ended: subprocess.CompletedProcess[str]) -> str:
    """What a program said that had to fail, as one line."""
    assert ended.returncode == 1, ended.stdout + ended.stderr
    return " ".join(re.sub(r"[│╷╵]", " ", ended.stdout + ended.stderr).split())


def checkov(file: str) -> Catcher:
    """On one file alone."""

    def catch(planted: Planted) -> str:
        alone = planted.infra.parent / "alone"
        alone.mkdir()
        shutil.copy(planted.infra / file, alone)
        found = run_checkov(alone, planted.shared)["failed_checks"]
        return "\n".join(f"{each['check_id']} {each['resource']}" for each in found)

    return catch


def rules(planted: Planted) -> str:
    """Those of infra/check/rules.py."""
    shutil.copytree(INFRA / "check", planted.infra / "check", dirs_exist_ok=True)
    return "\n".join(broken_rules(planted.infra))


def code_test(test: Callable[[Path], None]) -> Catcher:
    """One of our tests, of what is written in infra/."""

    def catch(planted: Planted) -> str:
        with pytest.raises(AssertionError) as caught:
            test(planted.infra)
        return str(caught.value)

    return catch


def applied_test(
    test: Callable[[Applied], None], error: type[Exception] = AssertionError
) -> Catcher:
    """One of our tests, of what an apply of everything makes; `error` is how it fails."""

    def catch(planted: Planted) -> str:
        applied = apply(EVERYTHING, planted.shared, planted.infra)
        with pytest.raises(error) as caught:
            test(applied)
        return str(caught.value)

    return catch


def frames_fit_their_table(infra: Path) -> None:
    test = test_schemas.test_the_tables_parquet_and_the_rows_have_the_same_columns
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(test_schemas, "SCHEMAS", infra / "schemas")
        test("frames", test_schemas.FRAMES, test_schemas.FrameRow)


def the_ingest_job_s_template_takes_its_parameters(applied: Applied) -> None:
    test_jobs.test_the_templates_take_the_parameters(applied, "ingest")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake.

    Attributes:
        file: in infra/.
        pattern, instead: a regular expression that is found there once, and what stands there then.
        catcher: the smallest check that sees it.
        says: part of what the check says.
    """

    file: str
    pattern: str
    instead: str
    catcher: Catcher
    says: str


MISTAKES = {
    "the job reads the wrong subscription": Mistake(
        "ingest.tf",
        r"google_pubsub_subscription\.uploads\.id",
        "google_pubsub_subscription.images.id",
        assertions("wiring", "uploads_reach_the_ingest_job"),
        "The job must read the subscription.",
    ),
    "a notification goes to the wrong topic": Mistake(
        "images.tf",
        r"(google_storage_bucket\.images\.name\n  topic          = google_pubsub_topic\.)images",
        r"\1uploads",
        assertions("wiring", "images_reach_request_labeling_and_no_upload_does"),
        "Every image must reach its topic and subscription.",
    ),
    "a subscription has no dead letters": Mistake(
        "images.tf",
        r"  dead_letter_policy \{\n.*\n.*\n  \}\n",
        "",
        assertions("wiring", "what_cannot_be_used_is_kept"),
        "the collection has no elements",
    ),
    "temporary files stay for ever": Mistake(
        "staging.tf",
        r', "ingest/temp/" = 7',
        "",
        assertions("storage", "what_is_temporary_goes"),
        "Staged rows go after a day, temporary files after a week",
    ),
    "a bucket may be made public": Mistake(
        "uploads.tf",
        r'public_access_prevention    = "enforced"',
        'public_access_prevention    = "inherited"',
        checkov("uploads.tf"),
        "CKV_GCP_114 google_storage_bucket.uploads",
    ),
    "Cloud Storage may not publish": Mistake(
        "uploads.tf",
        r'resource "google_pubsub_topic_iam_member" "storage_publishes_uploads" \{(.|\n)*?\n\}\n',
        "",
        validate,
        '"google_pubsub_topic_iam_member" "storage_publishes_uploads" has not been declared',
    ),
    "an account lacks a grant that nothing refers to": Mistake(
        "images.tf",
        r'resource "google_storage_bucket_iam_member" "trainer_reads_images" \{(.|\n)*?\n\}\n',
        "",
        applied_test(test_grants.test_each_grant_is_written_down),
        "trainer: roles/storage.objectViewer on storage_bucket team-videos-vidset-images",
    ),
    "an account owns the project": Mistake(
        "export.tf",
        r"roles/dataflow\.developer",
        "roles/owner",
        code_test(test_grants.test_no_role_is_a_basic_one),
        "{'roles/owner'} == set()",
    ),
    "a function's variable is misspelt": Mistake(
        "labeling.tf",
        r"LABELING_STORE  =",
        "LABELING_STOR  =",
        applied_test(test_functions.test_the_functions_start_with_their_environment, ValueError),
        "LABELING_STORE",
    ),
    "a job's parameter is misspelt": Mistake(
        "ingest.tf",
        r"dead_letter_topic  =",
        "dead_letters_topic =",
        applied_test(the_ingest_job_s_template_takes_its_parameters, KeyError),
        "dead_letters_topic",
    ),
    "a column has another type": Mistake(
        "schemas/frames.json",
        r'"pts_seconds", "type": "FLOAT"',
        '"pts_seconds", "type": "STRING"',
        code_test(frames_fit_their_table),
        "At index 3 diff: DataType(string) != DataType(double)",
    ),
    "a role races the enabling of its API": Mistake(
        "collectors.tf",
        r"  depends_on  = \[google_project_service\.enabled\]\n",
        "",
        rules,
        "google_project_iam_custom_role.uploader does not wait for google_project_service.enabled",
    ),
    "an alert waits for a metric that may never come": Mistake(
        "monitoring.tf",
        r"condition_prometheus_query_language \{\n      query +"
        r'= "absent.*\n(.*)\n.*\n.*\n    \}',
        'condition_absent {\n      filter   = "metric.type = \\"x\\""\n\\1\n    }',
        rules,
        "google_monitoring_alert_policy.reconcile_silent[0] has a condition_absent",
    ),
    "the job is launched by another version's template": Mistake(
        "ingest.tf",
        r"= local\.template_uris\.ingest",
        '= "${local.template_folder}/ingest.json"',
        assertions("wiring", "uploads_reach_the_ingest_job"),
        "The job must be launched by the template of its workers' image.",
    ),
    "the defaults ask for more than a new project has": Mistake(
        "variables_jobs.tf",
        r"default     = 2\n",
        "default     = 5\n",
        assertions("quota", "the_defaults_fit_a_new_project"),
        "the smallest example must fit 8",
    ),
    "a secret is in the code": Mistake(
        "secrets.tf",
        r"\Z",
        'resource "google_secret_manager_secret_version" "token" {\n'
        '  secret      = google_secret_manager_secret.labeling["LABEL_STUDIO_TOKEN"].id\n'
        '  secret_data = "b6f0e1"\n}\n',
        code_test(test_variables.test_no_secret_s_value_is_in_the_code),
        "google_secret_manager_secret_version",
    ),
}


def _each() -> Iterator[Any]:
    """Try one for each way to catch a mistake in `make test`, and all in `make chaos`."""
    ways = set()
    for name, mistake in MISTAKES.items():
        way = mistake.catcher.__qualname__
        yield pytest.param(mistake, id=name, marks=pytest.mark.chaos if way in ways else ())
        ways.add(way)


@pytest.mark.parametrize("mistake", _each())
def test_a_mistake_is_caught(tmp_path, shared, mistake):
    leave_out = shutil.ignore_patterns("__pycache__", ".terraform", "*.tfstate", "*override.tf")
    infra = Path(shutil.copytree(INFRA, tmp_path / "infra", ignore=leave_out))
    path = infra / mistake.file
    changed, times = re.subn(mistake.pattern, mistake.instead, path.read_text())
    assert times == 1, (
        f"{mistake.pattern} is not once in {mistake.file}: the mistake is out of date"
    )
    path.write_text(changed)
    try:
        said = mistake.catcher(Planted(infra, shared))
    except (ToolMissingError, LinterMissingError) as missing:
        skip_or_fail(missing)
    assert mistake.says in said
