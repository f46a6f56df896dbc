"""What `terraform apply` makes of infra/, without a cloud: Terraform's own core on mocked providers."""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.check.terraform import terraform

INFRA = Path(__file__).parents[2] / "infra"
PROJECT = "team-videos"
IMAGE = f"europe-west1-docker.pkg.dev/{PROJECT}/vidset-beam/worker@sha256:{'0' * 64}"
KEY = f"projects/{PROJECT}/locations/europe-west1/keyRings/ring/cryptoKeys/key"
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
    "kms_key": KEY,
    "labeling_former_vendors": ["scale"],
    "labeling_options": {"LABEL_STUDIO_URL": "https://labels.example.com"},
    "state_bucket": "team-state",
    "trainer_members": ["group:ml@example.com"],
    "uploads_retention_days": 365,
    "worker_image": IMAGE,
}
# What a mocked provider says where the cloud would choose a value.
_MOCKED = re.compile("[a-z0-9]{8}")
# The values by which resources name each other.
_NAMES = ("id", "name", "email", "member", "email_address", "number", "uri")
_TEST = 'mock_provider "google" {}\nmock_provider "google-beta" {}\nrun "all" {}\n'


@dataclass(frozen=True, slots=True)
class Applied:
    """By address, the values of resources and data sources; by name, the outputs.

    A value that the cloud would choose reads as its place: `<google_pubsub_topic.uploads.id>`.
    """

    resources: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Any]

    def of_type(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """By address, those of one type."""
        return {
            address: values
            for address, values in self.resources.items()
            if address.startswith(f"{kind}.")
        }


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
        shutil.copytree(INFRA, copy, ignore=shutil.ignore_patterns("check", "tests", ".terraform"))
        (copy / "functions.zip").write_bytes(b"the functions")
        (copy / "tests").mkdir()
        (copy / "tests" / "all.tftest.hcl").write_text(_TEST)
        values = copy / "terraform.tfvars.json"
        values.write_text(json.dumps({"project_id": PROJECT, **variables}))
        done = terraform("test", copy, ["-json", "-verbose"], capture=True)
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    said = [event["diagnostic"] for event in events if event["type"] == "diagnostic"]
    if done.returncode:
        texts = [f"{each['summary']}: {each.get('detail', '')}" for each in said]
        raise NotAppliedError("\n".join(texts) or done.stderr)
    [state] = [event["test_state"] for event in events if event["type"] == "test_state"]
    resources = {each["address"]: each["values"] for each in state["root_module"]["resources"]}
    places = dict(_places(resources))
    outputs = {name: output["value"] for name, output in state["outputs"].items()}
    return Applied(_placed(resources, places), _placed(outputs, places))


def _places(resources: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Of each mocked value the place that chose it."""
    for address, values in resources.items():
        if "_iam_member." in address:
            continue  # It repeats what others are called.
        services = values.get("service_config") or [{}]
        for name in _NAMES:
            value = values.get(name, services[0].get(name))
            if isinstance(value, str) and _MOCKED.fullmatch(value):
                yield value, f"<{address}.{name}>"


def _placed(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _placed(each, places) for name, each in value.items()}
    if isinstance(value, list):
        return [_placed(each, places) for each in value]
    if isinstance(value, str):
        return _MOCKED.sub(lambda found: places.get(found[0], found[0]), value)
    return value
