"""What an apply changes in what stands: nothing, or after an upgrade nothing that holds data."""

import json
import shutil
import tarfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.check.providers import ToolMissingError
from infra.check.terraform import terraform
from tests.emulators.environments import skip_or_fail
from tests.infra.applied import EVERYTHING, INFRA, ON_CLOUD_RUN, PROJECT, WITH_GATE

pytestmark = [pytest.mark.slow]
# The code of version 0.1.0, as `git archive` gave it.
FIRST_VERSION = Path(__file__).with_name("first_version.tar.gz")
# By type of what holds data, the attributes that the provider cannot change in place (`ForceNew` in
# its source): with another value it deletes the resource and makes it anew.
HOLDS_DATA: Mapping[str, tuple[str, ...]] = {
    "google_artifact_registry_repository": ("repository_id", "location", "format", "kms_key_name"),
    "google_bigquery_dataset": ("dataset_id", "location", "project"),
    "google_bigquery_table": ("dataset_id", "table_id", "project", "time_partitioning"),
    "google_firestore_database": ("name", "location_id", "type", "project", "cmek_config"),
    "google_pubsub_subscription": ("name", "topic", "project", "enable_message_ordering"),
    "google_pubsub_topic": ("name", "project"),
    "google_secret_manager_secret": ("secret_id", "project", "replication"),
    "google_storage_bucket": ("name", "location", "project"),
}

# What a project says of itself each time; a mock would make up other words.
DATA = {
    "google_bigquery_default_service_account": {"defaults": {"email": "bq@example.com"}},
    "google_project": {"defaults": {"number": "123456789"}},
    "google_storage_project_service_account": {"defaults": {"email_address": "gs@example.com"}},
}


def planned(tmp_path: Path, runs: Mapping[str, Any], *, first: bool = False) -> list[dict]:
    """Run these in order on a copy of the code; the changes that the last one plans."""
    infra = tmp_path / "infra"
    leave_out = shutil.ignore_patterns("check", "tests", "*.tfvars", ".terraform*", "*.tfstate*")
    shutil.copytree(INFRA, infra, ignore=leave_out)
    if first:
        with tarfile.open(FIRST_VERSION) as archive:
            archive.extractall(infra / "first_version", filter="data")
        # What `terraform init` would write.
        modules = [
            {"Key": "", "Source": "", "Dir": "."},
            {
                "Key": "test.tests.plans.tftest.json.first_version",
                "Source": "./first_version",
                "Dir": "first_version",
            },
        ]
        (infra / ".terraform" / "modules").mkdir(parents=True)
        written = infra / ".terraform" / "modules" / "modules.json"
        written.write_text(json.dumps({"Modules": modules}))
    for folder in infra, infra / "first_version":
        if folder.is_dir():
            (folder / "functions.zip").write_bytes(b"the functions")
    (infra / "tests").mkdir()
    mocks = [{"google": {"mock_data": DATA}}, {"google-beta": {}}]
    (infra / "tests" / "plans.tftest.json").write_text(
        json.dumps({"mock_provider": mocks, "run": runs})
    )
    try:
        done = terraform("test", infra, ["-json", "-verbose"], capture=True)
    except ToolMissingError as missing:
        skip_or_fail(missing)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    [plan] = [event["test_plan"] for event in events if event["type"] == "test_plan"]
    return plan["resource_changes"]


def changed(changes: list[dict]) -> Iterator[str]:
    for each in changes:
        actions = each["change"]["actions"]
        if actions != ["no-op"] and each["mode"] == "managed":
            yield f"{each['address']}: {', '.join(actions)}"


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({}, id="first"),
        pytest.param(EVERYTHING, id="everything"),
        pytest.param(ON_CLOUD_RUN, id="on Cloud Run", marks=pytest.mark.chaos),
        pytest.param(WITH_GATE, id="with the gate"),
    ],
)
def test_a_plan_after_an_apply_is_empty(tmp_path, variables):
    values = {"project_id": PROJECT, **variables}
    runs = {"apply": {"variables": values}, "plan": {"variables": values, "command": "plan"}}
    changes = planned(tmp_path, runs)
    assert list(changed(changes)) == []
    assert len(changes) > 50


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(EVERYTHING, ON_CLOUD_RUN, id="to Cloud Run"),
        pytest.param(ON_CLOUD_RUN, EVERYTHING, id="to Dataflow", marks=pytest.mark.chaos),
    ],
)
def test_a_change_of_the_engine_touches_nothing_that_holds_data(tmp_path, before, after):
    """Uploads wait in the subscription meanwhile; that of the dead letters stays as well."""
    runs = {
        "before": {"variables": {"project_id": PROJECT, **before}},
        "after": {"variables": {"project_id": PROJECT, **after}, "command": "plan"},
    }
    changes = planned(tmp_path, runs)
    kinds = {line.partition(".")[0] for line in changed(changes)}
    assert kinds >= {"google_cloud_run_v2_job", "google_dataflow_flex_template_job"}
    assert kinds & HOLDS_DATA.keys() == set()
    [job] = [each for each in changes if each["type"] == "google_dataflow_flex_template_job"]
    stood = job["change"]["before"] or job["change"]["after"]
    assert stood["on_delete"] == "drain"


def test_the_gate_changes_no_bucket_of_originals_and_whose_events_are_pushed(tmp_path):
    runs = {
        "before": {"variables": {"project_id": PROJECT, **EVERYTHING}},
        "after": {"variables": {"project_id": PROJECT, **WITH_GATE}, "command": "plan"},
    }
    lines = list(changed(planned(tmp_path, runs)))
    holding = {line for line in lines if line.partition(".")[0] in HOLDS_DATA}
    # With another topic the provider makes it anew, which a mock does not know.
    assert {line for line in holding if not line.endswith(": create")} == {
        "google_pubsub_subscription.images: update"
    }
    # Another subscription of the same name has no grants.
    assert "google_pubsub_subscription_iam_member.pubsub_forwards_images: delete, create" in lines


def test_an_upgrade_from_the_first_version_keeps_all_data(tmp_path):
    values = {"project_id": PROJECT, **EVERYTHING}
    runs = {
        "first_version": {
            "module": {"source": "./first_version"},
            "state_key": "team",
            "variables": values,
        },
        "today": {"command": "plan", "state_key": "team", "variables": values},
    }
    changes = planned(tmp_path, runs, first=True)
    holding = [each for each in changes if each["type"] in HOLDS_DATA]
    stood = [each for each in holding if each["change"]["actions"] != ["create"]]
    assert {each["type"] for each in stood} == set(HOLDS_DATA)
    assert [each["address"] for each in stood if "delete" in each["change"]["actions"]] == []
    for each in stood:
        before, after = each["change"]["before"], each["change"]["after"]
        for attribute in HOLDS_DATA[each["type"]]:
            assert before[attribute] == after[attribute], f"{each['address']}: {attribute}"


def test_an_upgrade_takes_no_column_from_a_table(tmp_path):
    with tarfile.open(FIRST_VERSION) as archive:
        archive.extractall(tmp_path, filter="data")
    for old in (tmp_path / "schemas").glob("*.json"):
        columns = json.loads(old.read_text())
        if not isinstance(columns, list):  # tables.json says how tables are laid out.
            assert columns.items() <= json.loads((INFRA / "schemas" / old.name).read_text()).items()
            continue
        today = json.loads((INFRA / "schemas" / old.name).read_text())
        assert _columns(columns).items() <= _columns(today).items()
        # BigQuery adds only columns that older rows may lack.
        added = _columns(today).keys() - _columns(columns).keys()
        assert [name for name in added if not _may_be_added(name, _columns(today), added)] == []


def _columns(columns: list[dict], above: str = "") -> dict[str, tuple[str, str]]:
    """Type and mode of each column, by its name with those of the records that it is in."""
    found = {}
    for column in columns:
        name = f"{above}{column['name']}"
        found[name] = (column["type"], column["mode"])
        found |= _columns(column.get("fields", []), f"{name}.")
    return found


def _may_be_added(name: str, today: Mapping[str, tuple[str, str]], added: Collection[str]) -> bool:
    """Whether it may be null or empty, or is in a new record that may be."""
    return today[name][1] != "REQUIRED" or name.rpartition(".")[0] in added
