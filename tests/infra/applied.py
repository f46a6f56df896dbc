"""What `terraform apply` makes of infra/: Terraform's own core, on mocked providers."""

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.check.inventory import Inventory, read_state
from infra.check.terraform import terraform
from tests.infra.once import once
from tests.paths import ROOT

INFRA = ROOT / "infra"
PROJECT = "team-videos"
# Everything that can be asked for.
EVERYTHING: Mapping[str, Any] = {
    "alert_email": "team@example.com",
    "billing_account": "012345-6789AB-CDEF01",
    "collector_members": {"car-7": ["user:ann@example.com"]},
    "collectors": ["car-7", "Rig_02"],
    "deploy_functions": True,
    "deploy_jobs": True,
    "functions_archive": "functions.zip",
    "github_repository": "acme/videos",
    "github_repository_id": "123456",
    "kms_key": f"projects/{PROJECT}/locations/europe-west1/keyRings/ring/cryptoKeys/key",
    "labeling_former_vendors": ["scale"],
    "labeling_options": {"LABEL_STUDIO_URL": "https://labels.example.com"},
    "pipeline_image": (
        f"europe-west1-docker.pkg.dev/{PROJECT}/vidset-beam/training@sha256:{'2' * 64}"
    ),
    "pipeline_options": ["--create", "--skip=errors"],
    "pipeline_parameters": {"baseline": "blessed", "recipe": "transforms: [pad]", "seeds": "1-2"},
    "pipeline_schedule": "0 3 * * 1",
    "state_bucket": "team-state",
    "trainer_members": ["group:ml@example.com"],
    "worker_image": f"europe-west1-docker.pkg.dev/{PROJECT}/vidset-beam/worker@sha256:{'0' * 64}",
}


ON_CLOUD_RUN: Mapping[str, Any] = {
    **EVERYTHING,
    "cloud_run_image": (
        f"europe-west1-docker.pkg.dev/{PROJECT}/vidset-beam/cloud-run@sha256:{'1' * 64}"
    ),
    "ingest_engine": "cloud_run",
}


# Blurred copies alone are labeled, on either engine; the job runs on Cloud Run's image.
WITH_GATE: Mapping[str, Any] = {
    **EVERYTHING,
    "cloud_run_image": ON_CLOUD_RUN["cloud_run_image"],
    "privacy_gate": {"model": "gs://team-models/faces/centerface.onnx"},
}


@dataclass(frozen=True, slots=True)
class Applied:
    """Attributes:
    values: by address, those of resources and data sources. What a cloud would choose, such as an
        id, is a random word, equal wherever it is used.
    outputs: by name.
    inventory: addresses by type, and grants.
    """

    values: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Any]
    inventory: Inventory

    def of_type(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """By address, the values of one type's resources."""
        return {address: self.values[address] for address in self.inventory.resources[kind]}


class NotAppliedError(AssertionError):
    """Terraform refused; with what it said."""


Outcome = Applied | NotAppliedError


def apply(variables: Mapping[str, Any], shared: Path, infra: Path = INFRA) -> Applied:
    """Apply the code with these variables, to nothing.

    Args:
        shared, infra: see `apply_each`.

    Raises:
        NotAppliedError: Terraform refused.
        infra.check.providers.ToolMissingError: Terraform or the providers' schemas are missing.
    """
    outcome = apply_each({"all": variables}, shared, infra)["all"]
    if isinstance(outcome, NotAppliedError):
        raise outcome
    return outcome


def apply_each(
    cases: Mapping[str, Mapping[str, Any]], shared: Path, infra: Path = INFRA
) -> dict[str, Outcome]:
    """As `apply`, by case: Terraform starts and reads the code once for all of them.

    Args:
        shared: the folder where a run's processes find each other's outcomes; see `once`.
        infra: the code; a copy is applied.

    Raises:
        NotAppliedError: Terraform refused the code, whatever its variables.
        infra.check.providers.ToolMissingError: Terraform or the providers' schemas are missing.
    """
    with tempfile.TemporaryDirectory(prefix="vidset-infra-") as folder:
        copy = Path(folder, "infra")
        leave_out = shutil.ignore_patterns(
            "check", "tests", "*.tfvars", ".terraform*", "*.tfstate*"
        )
        shutil.copytree(infra, copy, ignore=leave_out)
        (copy / "functions.zip").write_bytes(b"the functions")
        (copy / "tests").mkdir()
        files = {case: f"tests/{number}.tftest.json" for number, case in enumerate(cases)}
        for case, variables in cases.items():
            (copy / files[case]).write_text(json.dumps(_test_file(variables)))
        said = once(shared, "applied", copy, lambda: _terraform_test(copy))
    events = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    ended = {event["@testfile"] for event in events if event.get("test_file", {}).get("status")}
    if ended != set(files.values()):
        raise NotAppliedError(_said(events) or said)
    return {case: _outcome(events, file) for case, file in files.items()}


def _test_file(variables: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "mock_provider": [{"google": {}}, {"google-beta": {}}],
        "variables": {"project_id": PROJECT, **variables},
        "run": {"all": {}},
    }


def _terraform_test(folder: Path) -> str:
    done = terraform("test", folder, ["-json", "-verbose"], capture=True)
    return done.stdout + done.stderr


def _outcome(events: Sequence[Mapping[str, Any]], file: str) -> Outcome:
    """What became of one file's test."""
    ours = [event for event in events if event.get("@testfile") == file]
    if not any(event.get("test_file", {}).get("status") == "pass" for event in ours):
        return NotAppliedError(_said(ours))
    [state] = [event["test_state"] for event in ours if event["type"] == "test_state"]
    return Applied(
        {each["address"]: each["values"] for each in state["root_module"]["resources"]},
        {name: output["value"] for name, output in state["outputs"].items()},
        read_state(state),
    )


def _said(events: Iterable[Mapping[str, Any]]) -> str:
    said = [event["diagnostic"] for event in events if event["type"] == "diagnostic"]
    return "\n".join(f"{each['summary']}: {each.get('detail', '')}" for each in said)
