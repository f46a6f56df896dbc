"""The scheduled pipeline: what Terraform has a job say, and what reaches Vertex AI of it."""

import dataclasses
import json
import re
import subprocess

import pytest
import requests
import yaml
from typer.main import get_command
from typer.testing import CliRunner

from tests.emulators.environments import python_for_test
from tests.infra.applied import EVERYTHING, PROJECT
from tests.infra.declared import listed
from tests.paths import ROOT
from tests.training.pipelines.api_server import serving
from vidset.cli.main import app
from vidset.training.pipelines.options import SKIPPABLE
from vidset.training.pipelines.parameters import PARAMETERS, parameters_of
from vidset.training.pipelines.submitted import RunAs, labels_of
from vidset.training.pipelines.submitting import parse_target

pytest.importorskip("kfp", reason="vidset[pipelines] is not installed")
pytestmark = pytest.mark.slow
VERTEX = ROOT / "tests" / "training" / "pipelines" / "vertex-requirements.txt"
READ = VERTEX.with_name("read_job.py")
INSTALL_SECONDS = 600
TRAINER = f"vidset-trainer@{PROJECT}.iam.gserviceaccount.com"
JOBS = f"/v1/projects/{PROJECT}/locations/europe-west1/pipelineJobs"


@pytest.fixture
def serve():
    with serving() as start:
        yield start


@pytest.fixture(scope="module")
def arguments(everything):
    """What the container is called with. Mocks make up a word for an account's address."""
    template = everything.values["google_cloud_run_v2_job.pipeline[0]"]["template"][0]
    account = everything.values["google_service_account.trainer"]["email"]
    words = template["template"][0]["containers"][0]["args"]
    return [word.replace(account, TRAINER) for word in words]


@pytest.fixture(scope="module")
def read(arguments):
    """The options, as the command reads them."""
    command, *words = arguments
    tree = get_command(app)
    return tree.commands[command].make_context(command, words).params  # type: ignore[attr-defined]


def test_the_command_takes_the_options(read):
    assert read["submit"] == f"vertex:{PROJECT}/europe-west1"
    assert read["root"] == f"gs://{PROJECT}-vidset-datasets/pipelines"
    assert read["service_account"] == TRAINER
    assert read["run_labels"] == ["application=vidset"]
    assert read["kms_key"] == EVERYTHING["kms_key"]
    assert read["unless_running"]
    assert (read["creates"], read["skip"]) == (True, ["errors"])
    assert read["schedule"] is None


def test_the_parameters_are_those_that_the_pipeline_has():
    assert listed("pipeline_parameters", "variables_jobs.tf") == set(PARAMETERS)


def test_the_options_that_a_team_may_set_are_the_command_s(infra):
    text = (infra / "variables_jobs.tf").read_text()
    [flags, valued] = re.findall(r"\(([a-z|-]+)\)(?==|\|)", text)
    known = {
        word
        for option in get_command(app).commands["pipeline"].params  # type: ignore[attr-defined]
        for word in (*option.opts, *option.secondary_opts)
    }
    assert {f"--{name}" for name in (*flags.split("|"), *valued.split("|"))} <= known
    assert "publish" in SKIPPABLE


def test_vertex_ai_s_client_takes_the_job_that_is_sent(tmp_path, arguments, read, serve):
    path = tmp_path / "loop.yaml"
    of_submitting = ("--output", "--submit", "--root", "--service-account", "--unless-running")
    of_submitting += ("--run-label", "--kms-key")
    words = [word for word in arguments[1:] if word.partition("=")[0] not in of_submitting]
    done = CliRunner().invoke(app, ["pipeline", *words, f"--output={path}", "--quiet"])
    assert done.exit_code == 0, done.stderr or str(done.exception)
    run_as = RunAs(read["service_account"], labels_of(read["run_labels"]), read["kms_key"])
    vertex = parse_target(read["submit"], read["root"], run_as, unless_running=True)
    server = serve({("GET", JOBS): (200, {}), ("POST", JOBS): (200, {"name": "the run"})})
    at_server = {"endpoint": server.url, "session": requests.Session()}
    sent = dataclasses.replace(vertex, **at_server).submit(path, parameters_of(read["given"]))
    assert sent.name == "the run"
    [job] = [body for method, _, body in server.asked if method == "POST"]

    python = python_for_test("vertex", VERTEX, INSTALL_SECONDS, is_complete=True)
    ended = subprocess.run(
        [python, "-I", READ],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    taken = json.loads(ended.stdout)
    assert taken["serviceAccount"] == TRAINER
    assert taken["labels"] == {"application": "vidset"}
    assert taken["encryptionSpec"] == {"kmsKeyName": EVERYTHING["kms_key"]}
    assert taken["runtimeConfig"] == {
        "gcsOutputDirectory": f"gs://{PROJECT}-vidset-datasets/pipelines",
        "parameterValues": {
            "baseline": "blessed",
            "place": f"gs://{PROJECT}-vidset-datasets",
            "recipe": "transforms: [pad]",
            "seeds": [1, 2],
            "source": f"bq://{PROJECT}.vidset",
        },
    }
    assert taken["pipelineSpec"] == yaml.safe_load(path.read_text())
    images = {
        executor["container"]["image"]
        for executor in taken["pipelineSpec"]["deploymentSpec"]["executors"].values()
    }
    assert images == {EVERYTHING["pipeline_image"]}
