"""What `terraform apply` makes of infra/: Terraform's own core, on mocked providers."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.check.inventory import Inventory, read_state
from infra.check.terraform import terraform

INFRA = Path(__file__).parents[2] / "infra"
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
    "kms_key": f"projects/{PROJECT}/locations/europe-west1/keyRings/ring/cryptoKeys/key",
    "labeling_former_vendors": ["scale"],
    "labeling_options": {"LABEL_STUDIO_URL": "https://labels.example.com"},
    "state_bucket": "team-state",
    "trainer_members": ["group:ml@example.com"],
    "worker_image": f"europe-west1-docker.pkg.dev/{PROJECT}/vidset-beam/worker@sha256:{'0' * 64}",
}
_TEST = 'mock_provider "google" {}\nmock_provider "google-beta" {}\nrun "all" {}\n'


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


def apply(variables: Mapping[str, Any]) -> Applied:
    """Apply a copy of infra/ with these variables, to nothing.

    Raises:
        NotAppliedError: Terraform refused.
        infra.check.providers.ToolMissingError: Terraform or the providers' schemas are missing.
    """
    with tempfile.TemporaryDirectory(prefix="vidset-infra-") as folder:
        copy = Path(folder, "infra")
        leave_out = shutil.ignore_patterns(
            "check", "tests", "*.tfvars", ".terraform*", "*.tfstate*"
        )
        shutil.copytree(INFRA, copy, ignore=leave_out)
        (copy / "functions.zip").write_bytes(b"the functions")
        (copy / "tests").mkdir()
        (copy / "tests" / "all.tftest.hcl").write_text(_TEST)
        values = json.dumps({"project_id": PROJECT, **variables})
        (copy / "terraform.tfvars.json").write_text(values)
        done = terraform("test", copy, ["-json", "-verbose"], capture=True)
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode:
        said = [event["diagnostic"] for event in events if event["type"] == "diagnostic"]
        texts = [f"{each['summary']}: {each.get('detail', '')}" for each in said]
        raise NotAppliedError("\n".join(texts) or done.stderr)
    [state] = [event["test_state"] for event in events if event["type"] == "test_state"]
    return Applied(
        {each["address"]: each["values"] for each in state["root_module"]["resources"]},
        {name: output["value"] for name, output in state["outputs"].items()},
        read_state(state),
    )
