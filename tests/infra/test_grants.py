"""Every grant, written down: a new one fails here until somebody has read it and added its line."""

import re
from pathlib import Path

import pytest

from tests.infra.applied import INFRA
from tests.infra.grants import grants

HERE = Path(__file__).parent
# Roles that are, to copy from https://cloud.google.com/iam/docs/roles-permissions: no check without
# a cloud knows a misspelt one.
ROLES = (HERE / "roles.txt").read_text().split()


def test_each_grant_is_written_down(everything):
    assert sorted(grants(everything)) == (HERE / "grants.txt").read_text().splitlines()


def test_each_resource_is_written_down(everything):
    made = {address for address in everything.resources if "_iam_member." not in address}
    assert sorted(made) == (HERE / "resources.txt").read_text().splitlines()


def test_the_first_apply_grants_nothing_that_is_not_granted_later(first, everything):
    # The key's users and so on are missing; nobody has more.
    assert set(grants(first)) <= set(grants(everything))


def named_roles() -> set[str]:
    """In the code, wherever it stands."""
    return {
        role for file in INFRA.glob("*.tf") for role in re.findall(r"roles/[\w.]+", file.read_text())
    }


def test_every_role_exists():
    assert named_roles() <= set(ROLES)


def test_no_role_is_listed_that_is_not_granted():
    assert set(ROLES) <= named_roles()


def test_no_role_is_a_basic_one():
    assert named_roles().isdisjoint({"roles/owner", "roles/editor", "roles/viewer"})


@pytest.mark.parametrize("kind", ["binding", "policy"])
def test_no_grant_takes_others_away(kind):
    # google_..._iam_binding and _policy replace what somebody else has granted.
    found = [
        file.name for file in INFRA.glob("*.tf") if f'_iam_{kind}"' in file.read_text()
    ]
    assert found == []


def test_only_callbacks_are_open_to_all(everything):
    to_all = [line for line in grants(everything) if re.match("all(Authenticated)?Users", line)]
    assert to_all == [
        "allUsers: roles/run.invoker on cloud_run_v2_service vidset-receive-annotation"
    ]


@pytest.mark.parametrize("collector", ["car-7", "Rig_02"])
def test_a_collector_may_upload_below_its_prefix_and_nothing_else(everything, collector):
    mine = [line for line in grants(everything) if line.startswith(f"collectors[{collector}]: ")]
    place = f"projects/_/buckets/team-videos-vidset-uploads/objects/{collector}/"
    assert mine == [
        f"collectors[{collector}]: uploader on storage_bucket team-videos-vidset-uploads "
        f'if resource.name.startsWith("{place}")'
    ]
    role = everything.resources["google_project_iam_custom_role.uploader"]
    assert role["permissions"] == ["storage.objects.create", "storage.objects.get"]


def test_collectors_have_accounts_that_iam_takes(everything):
    accounts = everything.of_type("google_service_account").values()
    names = [account["account_id"] for account in accounts]
    assert [name for name in names if not re.fullmatch("[a-z][a-z0-9-]{4,28}[a-z0-9]", name)] == []
    assert len(set(names)) == len(names)
    assert {"vidset-c-car-7-04d9d2", "vidset-c-rig-02-9d7d15"} <= set(names)


def test_nobody_but_the_jobs_writes_images_uploads_and_tables(everything):
    writing = re.compile(r"(objectUser|objectAdmin|objectCreator|dataEditor|dataOwner|uploader) on")
    writers = {
        (line.partition(":")[0], line.partition(" on ")[2].partition(" if ")[0])
        for line in grants(everything)
        if writing.search(line)
    }
    assert writers == {
        ("collectors[Rig_02]", "storage_bucket team-videos-vidset-uploads"),
        ("collectors[car-7]", "storage_bucket team-videos-vidset-uploads"),
        ("export", "bigquery_dataset vidset"),
        ("export", "storage_bucket team-videos-vidset-staging"),
        ("github[apply]", "storage_bucket team-state"),
        ("ingest", "bigquery_dataset vidset"),
        ("ingest", "storage_bucket team-videos-vidset-images"),
        ("ingest", "storage_bucket team-videos-vidset-staging"),
        ("trainer", "storage_bucket team-videos-vidset-datasets"),
    }


def test_each_secret_is_read_by_the_functions_that_need_it(everything):
    readers = {
        line.partition(" on secret_manager_secret ")[2]: []
        for line in sorted(grants(everything))
        if "secretAccessor" in line
    }
    for line in sorted(grants(everything)):
        if "secretAccessor" in line:
            who, _, secret = line.partition(": roles/secretmanager.secretAccessor on ")
            readers[secret.removeprefix("secret_manager_secret ")].append(who)
    assert readers == {
        "labeling[LABEL_STUDIO_TOKEN]": ["labeling[reconcile]", "labeling[request]"],
        "labeling[LABEL_STUDIO_WEBHOOK_SECRET]": [
            "labeling[receive]",
            "labeling[reconcile]",
            "labeling[request]",
        ],
        "labeling[SCALE_CALLBACK_AUTH]": ["labeling[receive]"],
    }
