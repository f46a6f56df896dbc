"""What a team may set and is told: sorted, described, refused before anything is made."""

import re
from pathlib import Path

import pytest

from tests.infra.applied import EVERYTHING, INFRA, NotAppliedError
from tests.infra.conftest import applied

FILES = ["outputs.tf", "variables.tf", "variables_jobs.tf", "variables_labeling.tf"]
BLOCK = re.compile(r'^(?:variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)


def blocks(file: str) -> list[tuple[str, str]]:
    return BLOCK.findall((INFRA / file).read_text())


@pytest.mark.parametrize("file", FILES)
def test_they_are_sorted(file):
    names = [name for name, _ in blocks(file)]
    assert names == sorted(names)
    assert len(names) > 3


@pytest.mark.parametrize("file", FILES)
def test_each_is_described(file):
    # A sentence, in the first line.
    unsaid = [
        name for name, body in blocks(file) if not re.match(r'  description = ".+[.]"\n', body)
    ]
    assert unsaid == []


def test_only_the_project_has_to_be_named():
    variables = [each for file in FILES[1:] for each in blocks(file)]
    assert [name for name, body in variables if "\n  default" not in body] == ["project_id"]


def test_no_variable_is_a_credential():
    names = {name for file in FILES[1:] for name, _ in blocks(file)}
    assert [name for name in names if re.search("credential|password|secret|token", name)] == []
    assert not re.search(r"secret_data|google_service_account_key", code())


def test_no_secret_s_value_is_in_the_code():
    assert 'resource "google_secret_manager_secret_version"' not in code()


def test_everything_is_in_the_example():
    # Commented out but for the project, with the default or an example.
    example = (INFRA / "terraform.tfvars.example").read_text()
    named = re.findall(r"^(?:# )?(\w+) +=", example, re.MULTILINE)
    variables = {name for file in FILES[1:] for name, _ in blocks(file)}
    # The image's digest comes from `make image`, in a file of its own.
    assert set(named) == variables - {"worker_image"}


def code() -> str:
    return "\n".join(Path(file).read_text() for file in sorted(INFRA.glob("*.tf")))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        pytest.param({"project_id": "My Project"}, "project_id must be", id="project"),
        pytest.param({"region": "Europe"}, "region must be a region", id="region"),
        pytest.param({"name": "vidset-of-the-team"}, "name must be 4 to 8", id="name"),
        pytest.param({"alert_email": "team"}, "alert_email must be an e-mail", id="mail"),
        pytest.param({"collectors": ["car/7"]}, "collectors must be letters", id="collector"),
        pytest.param(
            {"collector_members": {"car-7": ["user:ann@example.com"]}},
            "collector_members has ids that collectors does not have",
            id="member of no collector",
        ),
        pytest.param(
            {"collectors": ["car-7"], "collector_members": {"car-7": ["allUsers"]}},
            "neither everybody nor a whole domain",
            id="everybody a collector",
        ),
        pytest.param({"trainer_members": ["domain:x.org"]}, "nor a whole domain", id="trainer"),
        pytest.param({"deploy_jobs": True}, "deploy_jobs needs worker_image", id="no image"),
        pytest.param(
            {"worker_image": "eu.gcr.io/p/worker:latest"},
            "worker_image must name a digest",
            id="image by tag",
        ),
        pytest.param(
            {"deploy_functions": True},
            "needs labeling_options.LABEL_STUDIO_URL",
            id="no Label Studio",
        ),
        pytest.param({"labeling_vendor": "truth"}, "labeling_vendor must be", id="vendor"),
        pytest.param(
            {"labeling_options": {"LABELING_BUGDET": "1 tasks"}},
            "a variable that the functions do not read",
            id="misspelt option",
        ),
        pytest.param(
            {"labeling_options": {"SCALE_API_KEY": "live_1"}},
            "or that is a secret",
            id="secret",
        ),
        pytest.param(
            {"ingest_options": {"images": "gs://elsewhere"}},
            "or that is set here",
            id="option of ours",
        ),
        pytest.param({"github_repository": "videos"}, "must be OWNER/NAME", id="repository"),
        pytest.param({"github_ref": "main"}, "github_ref must be refs/heads", id="ref"),
        pytest.param({"billing_account": "1"}, "billing_account must look", id="billing account"),
        pytest.param({"budget_amount": 0}, "budget_amount must be", id="budget"),
        pytest.param({"receive_min_instances": 1.5}, "a whole number", id="instances"),
        pytest.param({"uploads_retention_days": 0}, "from 1 on", id="retention"),
        pytest.param({"export_schedule": "hourly"}, "cron's five fields", id="schedule"),
        pytest.param({"firestore_location": "eu"}, "firestore_location must be", id="firestore"),
        pytest.param(
            {"kms_key": EVERYTHING["kms_key"], "firestore_location": "eur3"},
            "kms_key must be in the database's location",
            id="key elsewhere",
        ),
    ],
)
def test_a_wrong_value_is_refused_with_the_reason(variables, said):
    with pytest.raises(NotAppliedError) as refused:
        applied(variables)
    assert said in str(refused.value)
