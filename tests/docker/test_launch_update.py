"""The launcher updates a running job: what it asks Dataflow for, and what it may."""

import subprocess
import sys

import pytest

from tests.docker.fake_dataflow import FakeDataflow, fake_dataflow
from tests.docker.test_launch import INGEST, LAUNCHED
from tests.infra.applied import EVERYTHING
from tests.infra.conftest import applied
from tests.infra.once import shared_folder
from tests.paths import ROOT

pytestmark = [pytest.mark.slow]
# What matters here of https://cloud.google.com/iam/docs/roles-permissions/dataflow and .../storage.
ROLES = {
    "roles/dataflow.worker": {
        "dataflow.jobs.get",
        "storage.buckets.get",
        "storage.objects.create",
        "storage.objects.get",
    },
    "roles/storage.objectUser": {"storage.objects.create", "storage.objects.get"},
}
# That a template's launcher may create the job comes with its launch: Google's tutorial of Flex
# Templates gives the launcher's account no more than dataflow.worker.
BY_LAUNCH = {"dataflow.jobs.create"}
RUN = "import sys, launch; launch.LIMIT_SECONDS = {limit}; sys.exit(launch.main(sys.argv[1:]))"


def update(fake: FakeDataflow, limit: int = 300) -> subprocess.CompletedProcess[str]:
    options = LAUNCHED | {"dataflow_endpoint": fake.url}
    return subprocess.run(
        [
            *(sys.executable, "-c", RUN.format(limit=limit), *INGEST, "--update", "--no_auth"),
            *(f"--{name}={value}" for name, value in options.items()),
            "--input_subscription=projects/project-1/subscriptions/uploads",
            "--uploads_bucket=uploads",
            "--dead_letter_topic=projects/project-1/topics/dead-letters",
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
        env={
            "PYTHONPATH": f"{ROOT}:{ROOT / 'docker' / 'beam'}",
            "PATH": "",
            "STORAGE_EMULATOR_HOST": fake.url,
        },
    )


def granted(tmp_path_factory) -> set[str]:
    """The permissions of the ingest account, as Terraform grants them."""
    everything = applied(EVERYTHING, shared_folder(tmp_path_factory))
    custom = {
        values["name"]: set(values["permissions"])
        for values in everything.of_type("google_project_iam_custom_role").values()
    }
    by_name = {f"{address}.name": address for address in custom}
    assert not by_name.keys() & custom.keys()
    account = everything.values["google_service_account.ingest"]["member"]
    roles = {
        values["role"]
        for values in everything.values.values()
        if values.get("member") == account and "role" in values
    }
    return set().union(*(ROLES.get(role, custom.get(role, set())) for role in roles))


def test_an_update_asks_for_nothing_that_the_job_s_account_may_not(tmp_path_factory):
    with fake_dataflow(["another", "vidset-ingest"]) as fake:
        ended = update(fake)
    assert ended.returncode == 0, ended.stderr
    [created] = fake.created
    assert created["replaceJobId"] == "id-vidset-ingest"
    assert "dataflow.jobs.list" in fake.asked
    assert set(fake.asked) <= granted(tmp_path_factory) | BY_LAUNCH


def test_an_update_of_a_job_that_does_not_run_ends_with_the_way_out():
    with fake_dataflow(["another"]) as fake:
        ended = update(fake)
    assert ended.returncode == 2
    assert "no job 'vidset-ingest' runs in project-1, europe-west1" in ended.stderr
    assert "terraform apply -replace=" in ended.stderr
    assert fake.created == []


def test_a_launcher_that_hangs_ends_within_its_limit():
    """The job ends between our look and Beam's, which then never stops looking."""
    with fake_dataflow(["vidset-ingest"], []) as fake:
        ended = update(fake, limit=8)
    assert ended.returncode == 1
    assert "no job was started within 8 seconds" in ended.stderr
    assert fake.created == []
