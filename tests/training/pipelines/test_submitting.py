"""Compiled pipelines are sent as the servers' APIs want them: real requests to a local server."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock

import pytest
import requests
import yaml

from tests.training.pipelines.api_server import serving
from tests.training.pipelines.test_loop import IMAGE, vidset
from vidset.training.pipelines.submitted import RunAs, Submitted
from vidset.training.pipelines.vertex import Vertex

kfp = pytest.importorskip("kfp", reason="vidset[pipelines] is not installed")
PARAMETERS = ("place=gs://b/datasets", "baseline=v0", "recipe=transforms: [pad]", "seeds=1-2")
SET = [word for parameter in PARAMETERS for word in ("--set", parameter)]
GIVEN = {
    "place": "gs://b/datasets",
    "baseline": "v0",
    "recipe": "transforms: [pad]",
    "seeds": [1, 2],
}


@pytest.fixture
def serve():
    with serving() as start:
        yield start


EXPERIMENT = {"experiment_id": "e1", "display_name": "vidset"}
KUBEFLOW = {
    ("GET", "/apis/v2beta1/healthz"): (200, {"multi_user": False}),
    ("GET", "/apis/v2beta1/experiments"): (200, {"experiments": [EXPERIMENT]}),
    ("POST", "/apis/v2beta1/experiments"): (200, EXPERIMENT),
    ("POST", "/apis/v2beta1/runs"): (200, {"run_id": "r1", "experiment_id": "e1"}),
}


def test_kubeflow_is_sent_the_definition_with_its_parameters(tmp_path, serve):
    server, path = serve(KUBEFLOW), tmp_path / "loop.yaml"
    done = vidset(
        "pipeline", "-o", path, "--image", IMAGE, "--submit", server.url, "--json", *SET,
        "--secret", "KEY=s3/key",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr or str(done.exception)
    assert json.loads(done.stdout)["run"] == "r1"
    [body] = [
        each for method, name, each in server.asked if (method, name[-5:]) == ("POST", "/runs")
    ]
    assert body["experiment_id"] == "e1"
    assert body["runtime_config"]["parameters"] == GIVEN
    sent = body["pipeline_spec"]
    spec, platform = yaml.safe_load_all(path.read_text())
    assert sent["pipeline_spec"]["deploymentSpec"] == spec["deploymentSpec"]
    assert sent["platform_spec"] == platform


def test_what_kubeflow_refuses_is_told(tmp_path, serve):
    refused = KUBEFLOW | {("POST", "/apis/v2beta1/runs"): (400, {"error": "no such place"})}
    server = serve(refused)
    done = vidset(
        "pipeline", "-o", tmp_path / "l.yaml", "--image", IMAGE, "--submit", server.url, *SET
    )
    assert done.exit_code != 0
    assert "no such place" in str(done.exception)


def test_a_schedule_is_a_recurring_run_of_kubeflow(tmp_path, serve):
    made = {"recurring_run_id": "s1", "display_name": "vidset-improve"}
    server = serve(KUBEFLOW | {("POST", "/apis/v2beta1/recurringruns"): (200, made)})
    done = vidset(
        "pipeline", "-o", tmp_path / "l.yaml", "--image", IMAGE, "--submit", server.url, *SET,
        "--schedule", "0 3 * * 1", "--json",
    )  # fmt: skip
    assert done.exit_code == 0, str(done.exception)
    assert json.loads(done.stdout)["run"] == "s1"
    [body] = [each for _, name, each in server.asked if name.endswith("/recurringruns")]
    assert body["trigger"]["cron_schedule"]["cron"] == "0 0 3 * * 1"
    assert body["runtime_config"]["parameters"] == GIVEN
    assert body["max_concurrency"] == 1


PARENT = "projects/project-1/locations/europe-west1"
JOBS = f"/v1/{PARENT}/pipelineJobs"
KEY = f"{PARENT}/keyRings/ring/cryptoKeys/key"
TRAINER = "vidset-trainer@project-1.iam.gserviceaccount.com"


def vertex_at(server, run_as=None, *, unless_running=False):
    place = ("project-1", "europe-west1", "gs://b/root", run_as or RunAs())
    return Vertex(*place, unless_running, server.url, requests.Session())


def test_vertex_ai_is_sent_a_job(tmp_path, serve):
    name = "projects/1/locations/europe-west1/pipelineJobs/improve-1"
    server, path = serve({("POST", JOBS): (200, {"name": name})}), tmp_path / "loop.yaml"
    assert vidset("pipeline", "-o", path, "--image", IMAGE, "--quiet").exit_code == 0
    vertex = vertex_at(server)
    assert vertex.submit(path, GIVEN) == Submitted(name)
    [(_, _, body)] = server.asked
    assert body["pipelineSpec"] == yaml.safe_load(path.read_text())
    assert body["runtimeConfig"] == {
        "gcsOutputDirectory": "gs://b/root",
        "parameterValues": GIVEN,
    }


def test_a_schedule_of_vertex_ai_makes_jobs(tmp_path, serve):
    name = "projects/1/locations/europe-west1/schedules/7"
    schedules = JOBS.replace("pipelineJobs", "schedules")
    server, path = serve({("POST", schedules): (200, {"name": name})}), tmp_path / "loop.yaml"
    assert vidset("pipeline", "-o", path, "--image", IMAGE, "--quiet").exit_code == 0
    vertex = vertex_at(server)
    assert vertex.submit(path, GIVEN, "0 3 * * 1") == Submitted(name)
    [(_, _, body)] = server.asked
    assert body["cron"] == "TZ=Etc/UTC 0 3 * * 1"
    made = body["createPipelineJobRequest"]
    assert made["parent"] == "projects/project-1/locations/europe-west1"
    assert made["pipelineJob"]["runtimeConfig"]["parameterValues"] == GIVEN


def test_what_vertex_ai_refuses_is_told_and_what_it_cannot_is_not_sent(tmp_path, serve):
    server, path = serve({("POST", JOBS): (403, {"error": "no right"})}), tmp_path / "loop.yaml"
    assert vidset("pipeline", "-o", path, "--image", IMAGE, "--quiet").exit_code == 0
    vertex = vertex_at(server)
    with pytest.raises(ValueError, match="no right"):
        vertex.submit(path, GIVEN)
    written = vidset("pipeline", "-o", path, "--image", IMAGE, "--overwrite", "--secret", "K=a/b")
    assert written.exit_code == 0
    with pytest.raises(ValueError, match="are for Kubernetes"):
        vertex.submit(path, GIVEN)
    assert len(server.asked) == 1


def test_a_run_on_vertex_ai_has_its_account_labels_and_key(tmp_path, serve):
    answer = (200, {"name": "n"})
    server = serve({("POST", JOBS): answer, ("POST", f"/v1/{PARENT}/schedules"): answer})
    path = tmp_path / "loop.yaml"
    assert vidset("pipeline", "-o", path, "--image", IMAGE, "--quiet").exit_code == 0
    vertex = vertex_at(server, RunAs(TRAINER, {"application": "vidset"}, KEY))
    vertex.submit(path, GIVEN)
    vertex.submit(path, GIVEN, "0 3 * * 1")
    [(_, _, job), (_, _, schedule)] = server.asked
    for sent in job, schedule["createPipelineJobRequest"]["pipelineJob"]:
        assert sent["serviceAccount"] == TRAINER
        assert sent["labels"] == {"application": "vidset"}
        assert sent["encryptionSpec"] == {"kmsKeyName": KEY}


def test_kubeflow_is_told_the_account(tmp_path, serve):
    server, path = serve(KUBEFLOW), tmp_path / "loop.yaml"
    done = vidset(
        "pipeline", "-o", path, "--image", IMAGE, "--submit", server.url, *SET,
        "--service-account", "trainer", "--json",
    )  # fmt: skip
    assert done.exit_code == 0, str(done.exception)
    [body] = [each for _, name, each in server.asked if name.endswith("/runs")]
    assert body["service_account"] == "trainer"


class _Jobs:
    """Lists and makes jobs as Vertex AI does, as far as `--unless-running` asks it."""

    def __init__(self):
        self.jobs = []

    def answers(self):
        return {("GET", JOBS): self.listed, ("POST", JOBS): self.create}

    def listed(self, query, _):
        assert query["orderBy"] == "create_time desc"
        wanted = query["filter"].split(" AND ")
        found = [job for job in reversed(self.jobs) if all(_fits(job, each) for each in wanted)]
        return 200, {"pipelineJobs": [{"name": job["name"]} for job in found[:1]]} if found else {}

    def create(self, query, body):
        name = f"{PARENT}/pipelineJobs/{query.get('pipelineJobId', f'made-{len(self.jobs)}')}"
        if any(job["name"] == name for job in self.jobs):
            return 409, {"error": {"code": 409, "status": "ALREADY_EXISTS"}}
        self.jobs.append({**body, "name": name, "state": "PIPELINE_STATE_RUNNING"})
        return 200, {"name": name}


def _fits(job, comparison):
    field, is_not, value = re.fullmatch(r'([a-z_.]+)(!?)="(.*)"', comparison).groups()
    values = {"display_name": job["displayName"], "state": job["state"]}
    values |= {f"labels.{name}": each for name, each in job.get("labels", {}).items()}
    return (values.get(field) == value) != bool(is_not)


@pytest.mark.parametrize("ended", ["SUCCEEDED", "FAILED", "CANCELLED"])
def test_one_run_at_a_time_starts_once_the_earlier_one_has_ended(tmp_path, serve, ended):
    made = _Jobs()
    server, path = serve(made.answers()), tmp_path / "loop.yaml"
    assert vidset("pipeline", "-o", path, "--image", IMAGE, "--quiet").exit_code == 0
    vertex = vertex_at(server, RunAs(labels={"application": "vidset"}), unless_running=True)
    first = vertex.submit(path, GIVEN)
    assert first.is_new
    for state in "RUNNING", "PENDING", "QUEUED", "CANCELLING", "PAUSED":
        made.jobs[0]["state"] = f"PIPELINE_STATE_{state}"
        assert vertex.submit(path, GIVEN) == Submitted(first.name, False)
    made.jobs[0]["state"] = f"PIPELINE_STATE_{ended}"
    second = vertex.submit(path, GIVEN)
    assert second.is_new
    assert [job["name"] for job in made.jobs] == [first.name, second.name]


def test_runs_with_other_labels_do_not_wait_for_each_other(tmp_path, serve):
    made = _Jobs()
    server, path = serve(made.answers()), tmp_path / "loop.yaml"
    assert vidset("pipeline", "-o", path, "--image", IMAGE, "--quiet").exit_code == 0
    for team in "a", "b":
        vertex = vertex_at(server, RunAs(labels={"team": team}), unless_running=True)
        assert vertex.submit(path, GIVEN).is_new
    assert len(made.jobs) == 2


def test_of_two_calls_at_the_same_time_one_starts_a_run(tmp_path, serve):
    """Both have asked before either has started anything."""
    made = _Jobs()
    both_asked = Barrier(2)

    def create(query, body):
        both_asked.wait(timeout=300)
        with lock:
            return made.create(query, body)

    lock = Lock()
    server = serve({("GET", JOBS): made.listed, ("POST", JOBS): create})
    path = tmp_path / "loop.yaml"
    assert vidset("pipeline", "-o", path, "--image", IMAGE, "--quiet").exit_code == 0
    with ThreadPoolExecutor(2) as pool:
        vertex = vertex_at(server, unless_running=True)
        started = list(pool.map(lambda _: vertex.submit(path, GIVEN), range(2)))
    assert sorted(each.is_new for each in started) == [False, True]
    assert {each.name for each in started} == {made.jobs[0]["name"]}
    assert len(made.jobs) == 1


def test_a_conflict_of_another_kind_is_an_error(tmp_path, serve):
    aborted = (409, {"error": {"code": 409, "status": "ABORTED"}})
    server = serve({("GET", JOBS): (200, {}), ("POST", JOBS): aborted})
    path = tmp_path / "loop.yaml"
    assert vidset("pipeline", "-o", path, "--image", IMAGE, "--quiet").exit_code == 0
    with pytest.raises(ValueError, match="ABORTED"):
        vertex_at(server, unless_running=True).submit(path, GIVEN)


VERTEX = ["--submit", "vertex:project-1/europe-west1", "--root", "gs://b/root", *SET]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--unless-running"], "--unless-running: wanted --submit beside it"),
        (["--service-account", "a@b.c"], "--service-account: wanted --submit beside it"),
        (["--run-label", "team=a"], "--run-label: wanted --submit beside it"),
        (["--kms-key", KEY], "--kms-key: wanted --submit beside it"),
        (
            [*VERTEX, "--schedule", "0 3 * * 1", "--unless-running"],
            "--unless-running: wanted no --schedule",
        ),
        ([*VERTEX, "--service-account", "not one"], "wanted an account's address, got 'not one'"),
        ([*VERTEX, "--kms-key", "key"], "--kms-key: wanted projects/PROJECT"),
        ([*VERTEX, "--run-label", "Team=a"], "--run-label: wanted NAME=VALUE"),
        (
            [*VERTEX, "--run-label", "team=a", "--run-label", "team=b"],
            "--run-label team: wanted one value, got a, b",
        ),
        (
            ["--submit", "https://kubeflow", *SET, "--run-label", "team=a"],
            "--run-label: wanted --submit vertex:PROJECT/LOCATION, got 'https://kubeflow'",
        ),
        (
            ["--submit", "https://kubeflow", *SET, "--unless-running"],
            "--unless-running: wanted --submit vertex:PROJECT/LOCATION, got 'https://kubeflow'",
        ),
    ],
)  # fmt: skip
def test_options_that_do_not_go_together_are_refused(tmp_path, words, said):
    done = vidset("pipeline", "-o", tmp_path / "l.yaml", "--image", IMAGE, *words)
    assert done.exit_code != 0
    assert said in str(done.exception)
