"""The Flex Templates' main program: which job, with which arguments."""

import importlib
import json
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.paths import ROOT

INGEST = ["--images=gs://images", "--ledger=bq://project-1.vidset"]
EXPORT = ["--store=firestore://project-1", "--warehouse=bq://project-1.vidset"]


@pytest.fixture
def launch(monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """Call the launcher in this process, whose time it is not to limit.

    Returns its exit code, its stdout and its stderr. As a program it is run in test_image_steps.py.
    """
    monkeypatch.syspath_prepend(ROOT / "docker" / "beam")
    module = importlib.import_module("launch")
    monkeypatch.setattr(module, "_limit_time", lambda: None)

    def call(*arguments: str) -> tuple[int, str, str]:
        try:
            code = module.main(arguments)
        except SystemExit as ended:
            code = ended.code
        return code, *capsys.readouterr()

    return call


@pytest.mark.parametrize(
    ("arguments", "job"),
    [
        pytest.param(["--images=gs://images"], "vidset.beam.ingest_job", id="ingest"),
        pytest.param(["--store=firestore://p"], "vidset.beam.export_job", id="export"),
    ],
)
def test_a_job_is_chosen_by_its_own_option(arguments, job, launch):
    code, out, _ = launch(*arguments, "--help")
    assert code == 0
    assert out.startswith(f"usage: python -m {job} ")


@pytest.mark.parametrize(
    ("arguments", "got"),
    [
        pytest.param([], "got no options", id="none"),
        pytest.param([*INGEST, *EXPORT], "got --images, --ledger, --store, --warehouse", id="both"),
        pytest.param(["--ledger=bq://p.d"], "got --ledger", id="neither"),
    ],
)
def test_arguments_of_no_job_or_of_both_are_refused(arguments, got, launch):
    code, _, err = launch(*arguments)
    assert (code, got in err) == (2, True)


def test_a_jobs_own_complaint_comes_through(launch):
    code, _, err = launch(*INGEST)
    assert code == 2
    assert "wanted either --input (batch) or --input_subscription (streaming)" in err


@pytest.mark.parametrize("value", ["true", "false"])
def test_a_flag_of_a_template_has_a_value(value, launch):
    """argparse alone would refuse --full=true."""
    code, _, err = launch(*EXPORT, f"--full={value}")
    assert code == 2
    assert "--dead_letters is required" in err


def test_a_flag_is_true_or_false(launch):
    code, _, err = launch(*EXPORT, "--full=yes")
    assert code == 2
    assert "--full must be true or false, got 'yes'" in err


# Starts the ingest job as far as Dataflow would be asked, and prints what its options are there.
DESCRIBE = """
import sys
import launch
from apache_beam.runners.dataflow.internal.apiclient import Environment
from vidset.beam import ingest_job
from google.protobuf.json_format import MessageToJson

start = ingest_job.start

def describe(options, settings):
    job = start(options, settings).job
    environment = Environment([], job.options, "1", "gs://staging/graph", job.proto_pipeline).proto
    print(MessageToJson(type(environment).pb(environment).sdk_pipeline_options))
    sys.exit()

ingest_job.start = describe
launch.main(sys.argv[1:])
"""
# What Google's launcher adds for the arguments of infra/ingest.tf.
LAUNCHED = {
    "autoscaling_algorithm": "THROUGHPUT_BASED",
    "experiments": "use_runner_v2",
    "job_name": "vidset-ingest",
    "machine_type": "e2-standard-2",
    "max_num_workers": "5",
    "project": "project-1",
    "region": "europe-west1",
    "runner": "DataflowRunner",
    "sdk_container_image": f"example.org/worker@sha256:{'0' * 64}",
    "staging_location": "gs://staging/dataflow",
    "temp_location": "gs://staging/temp",
}


# What Terraform's provider reads of a job's options, by another name.
READ_BACK = {"machine_type", "sdk_container_image", "staging_location", "temp_location"}


def test_terraform_sets_nothing_that_it_would_not_find_again():
    code = (ROOT / "infra" / "ingest.tf").read_text()
    [job] = re.findall(r'^resource "google_dataflow_.*?^}', code, re.MULTILINE | re.DOTALL)
    names = set(re.findall(r"^  (\w+) +=", job, re.MULTILINE))
    assert names >= READ_BACK
    # To be found, it would have to be a number there: the launcher has texts.
    assert "num_workers" not in names


@pytest.mark.slow
def test_terraform_finds_a_jobs_options_by_the_names_that_it_looks_for():
    ended = subprocess.run(
        [
            *(sys.executable, "-c", DESCRIBE, *INGEST, "--dry_run=True", "--no_auth"),
            *(f"--{name}={value}" for name, value in LAUNCHED.items()),
            "--input_subscription=projects/project-1/subscriptions/uploads",
            "--uploads_bucket=uploads",
            "--dead_letter_topic=projects/project-1/topics/dead-letters",
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'docker' / 'beam'}", "PATH": ""},
    )
    assert ended.returncode == 0, ended.stderr
    options = json.loads(ended.stdout)["options"]
    # Those that resourceDataflowFlexTemplateJobRead asks for, in the provider's
    # resource_dataflow_flex_template_job.go, and that infra/ingest.tf sets.
    assert {name: value for name, value in options.items() if not name.islower()} == {
        "maxNumWorkers": 5,
        "pipelineUrl": "gs://staging/graph",
        "sdkContainerImage": LAUNCHED["sdk_container_image"],
        "stagingLocation": LAUNCHED["staging_location"],
        "tempLocation": LAUNCHED["temp_location"],
        "workerMachineType": LAUNCHED["machine_type"],
    }
