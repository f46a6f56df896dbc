"""What a team may set and is told: sorted, described, refused before anything is made."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.infra.applied import EVERYTHING, INFRA, NotAppliedError, Outcome
from tests.infra.conftest import applied_each

FILES = ["outputs.tf", "variables.tf", "variables_jobs.tf", "variables_labeling.tf"]
BLOCK = re.compile(r'^(?:variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)

# By case: variables, and part of what Terraform says.
WRONG: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "project": ({"project_id": "My Project"}, "project_id must be"),
    "region": ({"region": "Europe"}, "region must be a region"),
    "name": ({"name": "vidset-of-the-team"}, "name must be 4 to 8"),
    "mail": ({"alert_email": "team"}, "alert_email must be an e-mail"),
    "collector": ({"collectors": ["car/7"]}, "collectors must be letters"),
    "member of no collector": (
        {"collector_members": {"car-7": ["user:ann@example.com"]}},
        "collector_members has ids that collectors does not have",
    ),
    "everybody a collector": (
        {"collectors": ["car-7"], "collector_members": {"car-7": ["allUsers"]}},
        "neither everybody nor a whole domain",
    ),
    "trainer": ({"trainer_members": ["domain:x.org"]}, "nor a whole domain"),
    "no image": ({"deploy_jobs": True}, "deploy_jobs needs worker_image"),
    "no image for Cloud Run": (
        {**EVERYTHING, "ingest_engine": "cloud_run"},
        "deploy_jobs needs cloud_run_image",
    ),
    "image for Cloud Run by tag": (
        {"cloud_run_image": "eu.gcr.io/p/cloud-run:latest"},
        "cloud_run_image must name a digest",
    ),
    "engine": ({"ingest_engine": "flink"}, "ingest_engine must be dataflow or cloud_run"),
    "schedule of the ingest": ({"ingest_schedule": "5 *"}, "ingest_schedule must have cron's"),
    "image by tag": (
        {"worker_image": "eu.gcr.io/p/worker:latest"},
        "worker_image must name a digest",
    ),
    "no Label Studio": ({"deploy_functions": True}, "needs labeling_options.LABEL_STUDIO_URL"),
    "vendor": ({"labeling_vendor": "truth"}, "labeling_vendor must be"),
    "misspelt option": (
        {"labeling_options": {"LABELING_BUGDET": "1 tasks"}},
        "a variable that the functions do not read",
    ),
    "secret": ({"labeling_options": {"SCALE_API_KEY": "live_1"}}, "or that is a secret"),
    "option of ours": ({"ingest_options": {"images": "gs://elsewhere"}}, "or that is set here"),
    "repository": ({"github_repository": "videos"}, "must be OWNER/NAME"),
    "repository without a number": (
        {"github_repository": "acme/videos"},
        "github_repository needs github_repository_id",
    ),
    "repository's number": ({"github_repository_id": "acme"}, "must be a number"),
    "ref": ({"github_ref": "main"}, "github_ref must be refs/heads"),
    "billing account": ({"billing_account": "1"}, "billing_account must look"),
    "budget": ({"budget_amount": 0}, "budget_amount must be"),
    "instances": ({"receive_min_instances": 1.5}, "a whole number"),
    "retention": ({"uploads_retention_days": 0}, "from 1 on"),
    "retention-of-images": ({"images_retention_days": 0}, "from 1 on"),
    "schedule": ({"export_schedule": "hourly"}, "cron's five fields"),
    "schedule of the pipeline": ({"pipeline_schedule": "weekly"}, "pipeline_schedule must have"),
    "no image for the pipeline": (
        {"pipeline_schedule": "0 3 * * 1"},
        "pipeline_schedule needs pipeline_image",
    ),
    "no baseline": (
        {**EVERYTHING, "pipeline_parameters": {"recipe": "transforms: [pad]"}},
        "pipeline_schedule needs pipeline_parameters.baseline",
    ),
    "no recipe": (
        {**EVERYTHING, "pipeline_parameters": {"baseline": "v0"}},
        "pipeline_schedule needs pipeline_parameters.recipe",
    ),
    "image of the pipeline by tag": (
        {"pipeline_image": "eu.gcr.io/p/training:latest"},
        "pipeline_image must name a digest",
    ),
    "parameter": ({"pipeline_parameters": {"seed": "1"}}, "a parameter that the pipeline does not"),
    "parameter by file": (
        {"pipeline_parameters": {"recipe": "@recipe.yaml"}},
        "rather than @recipe.yaml",
    ),
    "source without --create": (
        {"pipeline_parameters": {"source": "bq://p.d"}},
        "pipeline_parameters.source needs --create",
    ),
    "option of the pipeline": ({"pipeline_options": ["--submit=x"]}, "pipeline_options must be"),
    "disk of the pipeline": ({"pipeline_options": ["--disk=5G"]}, "for Kubernetes alone"),
    "model elsewhere": ({"privacy_gate": {"model": "centerface.onnx"}}, "must be gs://BUCKET/NAME"),
    "model's hash": (
        {"privacy_gate": {"model": "gs://models/m.onnx", "sha256": "09"}},
        "privacy_gate.sha256 must be 64 hex digits",
    ),
    "method of blurring": (
        {"privacy_gate": {"model": "gs://models/m.onnx", "method": "blur"}},
        "must be mosaic or solid",
    ),
    "images of a run": (
        {"privacy_gate": {"model": "gs://models/m.onnx", "images_per_run": 0}},
        "images_per_run must be a whole number",
    ),
    "schedule of blurring": (
        {"privacy_gate": {"model": "gs://models/m.onnx", "schedule": "hourly"}},
        "privacy_gate.schedule must have cron's",
    ),
    "no image for blurring": (
        {**EVERYTHING, "privacy_gate": {"model": "gs://models/m.onnx"}},
        "privacy_gate with deploy_jobs needs cloud_run_image",
    ),
    "urls that may be originals'": (
        {
            "labeling_options": {"LABELING_IMAGE_ACCESS": "https://cdn.example.com/{name}"},
            "privacy_gate": {"model": "gs://models/m.onnx"},
        },
        "privacy_gate needs {bucket} in labeling_options.LABELING_IMAGE_ACCESS",
    ),
    "firestore": ({"firestore_location": "eu"}, "firestore_location must be"),
    "key elsewhere": (
        {"kms_key": EVERYTHING["kms_key"], "firestore_location": "eur3"},
        "kms_key must be in the database's location",
    ),
}


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


def test_no_variable_is_a_credential(infra):
    names = {name for file in FILES[1:] for name, _ in blocks(file)}
    assert [name for name in names if re.search("credential|password|secret|token", name)] == []
    assert not re.search(r"secret_data|google_service_account_key", code(infra))


def test_no_secret_s_value_is_in_the_code(infra):
    assert 'resource "google_secret_manager_secret_version"' not in code(infra)


def test_everything_is_in_the_example():
    # Commented out but for the project, with the default or an example.
    example = (INFRA / "terraform.tfvars.example").read_text()
    named = re.findall(r"^(?:# )?(\w+) +=", example, re.MULTILINE)
    variables = {name for file in FILES[1:] for name, _ in blocks(file)}
    # An image's digest comes from `make image`, in a file of its own.
    assert set(named) == variables - {"cloud_run_image", "worker_image"}


def code(infra: Path) -> str:
    return "\n".join(file.read_text() for file in sorted(infra.glob("*.tf")))


@pytest.fixture(scope="module")
def outcomes(shared) -> dict[str, Outcome]:
    """Of each case of WRONG."""
    return applied_each({case: variables for case, (variables, _) in WRONG.items()}, shared)


@pytest.mark.slow
@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_value_is_refused_with_the_reason(outcomes, case):
    outcome, (_, said) = outcomes[case], WRONG[case]
    assert isinstance(outcome, NotAppliedError)
    assert said in str(outcome)
