"""Every grant, written down: a new one fails here until somebody has read it and added its line."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.applied import Applied
from tests.infra.conftest import applied

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent
# Those of https://cloud.google.com/iam/docs/roles-permissions that are granted. No check without a
# cloud knows a misspelt one.
ROLES = frozenset((HERE / "roles.txt").read_text().split())


def grants(applied: Applied) -> Iterator[str]:
    """`WHO: ROLE on WHAT [if CONDITION]`."""
    for grant in applied.inventory.grants:
        # `google_service_account.ingest.member` is "ingest".
        account = re.fullmatch(r"google_service_account\.(.+)\.member", grant.member)
        who = account[1].replace('"', "") if account else grant.member
        condition = f" if {grant.condition}" if grant.condition else ""
        yield f"{who}: {grant.role} on {grant.on}{condition}"


def named_roles(infra: Path) -> set[str]:
    """In the code, wherever they stand."""
    texts = [file.read_text() for file in infra.glob("*.tf")]
    return {role for text in texts for role in re.findall(r"\broles/[A-Za-z.]+", text)}


def made(applied: Applied) -> set[str]:
    """The addresses of all resources but grants."""
    return {
        address
        for kind, addresses in applied.inventory.resources.items()
        if not kind.endswith("_iam_member")  # Those are in grants.txt.
        for address in addresses
    }


def test_each_grant_is_written_down(everything):
    assert sorted(grants(everything)) == (HERE / "grants.txt").read_text().splitlines()


def test_each_resource_is_written_down(everything):
    assert sorted(made(everything)) == (HERE / "resources.txt").read_text().splitlines()


def test_what_cloud_run_has_instead_of_dataflow_is_written_down(everything, on_cloud_run):
    """A line begins with + for what Cloud Run adds, and with - for what only Dataflow needs."""
    with_dataflow = {*grants(everything), *made(everything)}
    with_cloud_run = {*grants(on_cloud_run), *made(on_cloud_run)}
    difference = [f"+ {each}" for each in sorted(with_cloud_run - with_dataflow)]
    difference += [f"- {each}" for each in sorted(with_dataflow - with_cloud_run)]
    assert difference == (HERE / "cloud_run.txt").read_text().splitlines()


def test_what_the_privacy_gate_changes_is_written_down(everything, with_gate):
    """A line begins with + for what the gate adds, and with - for what it takes away."""
    without = {*grants(everything), *made(everything)}
    behind = {*grants(with_gate), *made(with_gate)}
    difference = [f"+ {each}" for each in sorted(behind - without)]
    difference += [f"- {each}" for each in sorted(without - behind)]
    assert difference == (HERE / "privacy.txt").read_text().splitlines()


def test_behind_the_gate_only_the_jobs_that_make_images_and_copies_reach_originals(with_gate):
    on_images = [line for line in grants(with_gate) if "vidset-images" in line.partition(": ")[2]]
    reached = {line.partition(": ")[0]: line for line in on_images if "storage_bucket" in line}
    assert set(reached) == {"blur[0]", "ingest", "trainer"}
    assert reached["blur[0]"].endswith("objectViewer on storage_bucket team-videos-vidset-images")
    gate = "projects/_/buckets/team-videos-vidset-images/objects/privacy.json"
    assert reached["trainer"].endswith(f'if resource.name == "{gate}"')


def test_the_first_apply_grants_nothing_that_is_not_granted_later(first, everything):
    assert set(grants(first)) < set(grants(everything))


def test_every_role_exists_and_is_used(infra):
    assert named_roles(infra) == ROLES


def test_no_role_is_a_basic_one(infra):
    assert named_roles(infra) & {"roles/owner", "roles/editor", "roles/viewer"} == set()


@pytest.mark.parametrize("kind", ["binding", "policy"])
def test_no_grant_takes_others_away(infra, kind):
    # google_..._iam_binding and _policy replace what somebody else has granted.
    assert [file.name for file in infra.glob("*.tf") if f'_iam_{kind}"' in file.read_text()] == []


def test_only_callbacks_are_open_to_all(everything):
    to_all = [line for line in grants(everything) if re.match("all(Authenticated)?Users", line)]
    assert to_all == [
        "allUsers: roles/run.invoker on cloud_run_v2_service vidset-receive-annotation"
    ]


@pytest.mark.parametrize("collector", ["car-7", "Rig_02"])
def test_a_collector_may_upload_below_its_prefix_and_nothing_else(everything, collector):
    [mine] = [line for line in grants(everything) if line.startswith(f"collectors[{collector}]: ")]
    granted, condition = mine.removeprefix(f"collectors[{collector}]: ").split(" if ")
    role, bucket = granted.split(" on storage_bucket ")
    assert role == "google_project_iam_custom_role.uploader.name"
    assert bucket == "team-videos-vidset-uploads"
    place = f"projects/_/buckets/{bucket}/objects/{collector}/"
    assert condition == f'resource.name.startsWith("{place}")'
    role = everything.values["google_project_iam_custom_role.uploader"]
    assert role["permissions"] == ["storage.objects.create", "storage.objects.get"]


def test_accounts_have_names_that_iam_takes(everything):
    accounts = everything.of_type("google_service_account").values()
    names = [account["account_id"] for account in accounts]
    assert [name for name in names if not re.fullmatch("[a-z][a-z0-9-]{4,28}[a-z0-9]", name)] == []
    assert len(set(names)) == len(names)


def test_collectors_of_any_name_have_accounts(shared):
    # As long as can be, beginning alike, and with characters that accounts' names do not have.
    ids = ["a" * 63, "a" * 62 + "b", "Car.7", "car-7", "Car_7", "7", "x" + "._-" * 20]
    made = applied({"collectors": ids, "name": "datasets"}, shared)
    names = [each["account_id"] for each in made.of_type("google_service_account").values()]
    collectors = [name for name in names if name.startswith("datasets-c-")]
    assert len(set(collectors)) == len(ids)
    assert [name for name in names if not re.fullmatch("[a-z][a-z0-9-]{4,28}[a-z0-9]", name)] == []


def test_nobody_but_the_jobs_writes_images_uploads_and_tables(everything):
    writing = re.compile(
        "(.+): .*(objectUser|objectAdmin|objectCreator|dataEditor|dataOwner|uploader.name)"
        " on ([^ ]+ [^ ]+)"
    )
    found = (writing.match(line) for line in grants(everything))
    assert {(match[1], match[3]) for match in found if match} == {
        ("collectors[Rig_02]", "storage_bucket team-videos-vidset-uploads"),
        ("collectors[car-7]", "storage_bucket team-videos-vidset-uploads"),
        ("export", "bigquery_dataset vidset"),
        ("export", "storage_bucket team-videos-vidset-staging"),
        ("ingest", "bigquery_dataset vidset"),
        ("ingest", "storage_bucket team-videos-vidset-images"),
        ("ingest", "storage_bucket team-videos-vidset-staging"),
        ("trainer", "storage_bucket team-videos-vidset-datasets"),
    }


def test_each_secret_is_read_by_the_functions_that_need_it(everything):
    reading = re.compile(r'(.+): roles/secretmanager\.secretAccessor on .*labeling\["(\w+)"\]')
    found = [match for line in grants(everything) if (match := reading.match(line))]
    assert {(match[2], match[1]) for match in found} == {
        ("LABEL_STUDIO_TOKEN", "labeling[reconcile]"),
        ("LABEL_STUDIO_TOKEN", "labeling[request]"),
        ("LABEL_STUDIO_WEBHOOK_SECRET", "labeling[receive]"),
        ("LABEL_STUDIO_WEBHOOK_SECRET", "labeling[reconcile]"),
        ("LABEL_STUDIO_WEBHOOK_SECRET", "labeling[request]"),
        ("SCALE_CALLBACK_AUTH", "labeling[receive]"),
    }
