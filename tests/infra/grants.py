"""Who is granted what, one line a grant, as tests/infra/grants.txt has them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.infra.applied import Applied

# Of each kind of grant, what names the thing that is granted; all others are the project's.
_TARGETS = {
    "google_artifact_registry_repository_iam_member": "repository",
    "google_bigquery_dataset_iam_member": "dataset_id",
    "google_cloud_run_v2_service_iam_member": "name",
    "google_kms_crypto_key_iam_member": "crypto_key_id",
    "google_project_iam_member": "project",
    "google_pubsub_subscription_iam_member": "subscription",
    "google_pubsub_topic_iam_member": "topic",
    "google_secret_manager_secret_iam_member": "secret_id",
    "google_service_account_iam_member": "service_account_id",
    "google_storage_bucket_iam_member": "bucket",
}
_AGENTS = {
    "<data.google_storage_project_service_account.storage.email_address>": "Cloud Storage",
    "<data.google_bigquery_default_service_account.bigquery[0].email>": "BigQuery",
}


def grants(applied: Applied) -> Iterator[str]:
    """`WHO: ROLE on KIND THING [if CONDITION]`."""
    for address, values in applied.resources.items():
        kind = address.partition(".")[0]
        if "_iam_" not in kind or kind.endswith(("_audit_config", "_custom_role", "_pool", "_provider")):
            continue
        kind_of_thing = kind.removeprefix("google_").removesuffix("_iam_member")
        thing = f"{kind_of_thing} {_called(values[_TARGETS[kind]])}"
        yield f"{_who(values['member'])}: {_called(values['role'])} on {thing}{_condition(values)}"


def _condition(values: Mapping[str, Any]) -> str:
    return "".join(f" if {each['expression']}" for each in values.get("condition") or ())


def _who(member: str) -> str:
    for value, name in _AGENTS.items():
        member = member.replace(value, name)
    return _called(member)


def _called(text: str) -> str:
    """`<google_service_account.labeling["receive"].member>` to `labeling[receive]`."""
    text = re.sub(r"<google_project_service_identity\.(\w+)(?:\[\"(\w+)\"\])?\.member>", r"agent \1 \2", text)
    return re.sub(r"<(?:data\.)?\w+\.([^>]+?)\.\w+>", r"\1", text).replace('"', "").strip()
