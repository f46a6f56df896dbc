"""Compiled pipelines are sent as the servers' APIs want them: real requests to a local server."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import requests
import yaml

from tests.training.pipelines.test_loop import IMAGE, vidset
from vidset.training.pipelines.submitting import Vertex

kfp = pytest.importorskip("kfp", reason="vidset[pipelines] is not installed")
PARAMETERS = ("place=gs://b/datasets", "baseline=v0", "recipe=transforms: [pad]", "seeds=1-2")
SET = [word for parameter in PARAMETERS for word in ("--set", parameter)]
GIVEN = {
    "place": "gs://b/datasets",
    "baseline": "v0",
    "recipe": "transforms: [pad]",
    "seeds": [1, 2],
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answers):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers, self.asked = answers, []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        length = int(self.headers.get("content-length", 0))
        body = json.loads(self.rfile.read(length) or b"null")
        path = self.path.partition("?")[0]
        self.server.asked.append((self.command, path, body))
        code, said = self.server.answers.get((self.command, path), (404, {"error": "not found"}))
        data = json.dumps(said).encode()
        self.send_response(code)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    servers = []

    def start(answers):
        servers.append(_Server(answers))
        Thread(target=servers[-1].serve_forever, daemon=True).start()
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


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


JOBS = "/v1/projects/project-1/locations/europe-west1/pipelineJobs"


def test_vertex_ai_is_sent_a_job(tmp_path, serve):
    name = "projects/1/locations/europe-west1/pipelineJobs/improve-1"
    server, path = serve({("POST", JOBS): (200, {"name": name})}), tmp_path / "loop.yaml"
    assert vidset("pipeline", "-o", path, "--image", IMAGE, "--quiet").exit_code == 0
    vertex = Vertex("project-1", "europe-west1", "gs://b/root", server.url, requests.Session())
    assert vertex.submit(path, GIVEN) == name
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
    vertex = Vertex("project-1", "europe-west1", "gs://b/root", server.url, requests.Session())
    assert vertex.submit(path, GIVEN, "0 3 * * 1") == name
    [(_, _, body)] = server.asked
    assert body["cron"] == "TZ=Etc/UTC 0 3 * * 1"
    made = body["createPipelineJobRequest"]
    assert made["parent"] == "projects/project-1/locations/europe-west1"
    assert made["pipelineJob"]["runtimeConfig"]["parameterValues"] == GIVEN


def test_what_vertex_ai_refuses_is_told_and_what_it_cannot_is_not_sent(tmp_path, serve):
    server, path = serve({("POST", JOBS): (403, {"error": "no right"})}), tmp_path / "loop.yaml"
    assert vidset("pipeline", "-o", path, "--image", IMAGE, "--quiet").exit_code == 0
    vertex = Vertex("project-1", "europe-west1", "gs://b/root", server.url, requests.Session())
    with pytest.raises(ValueError, match="no right"):
        vertex.submit(path, GIVEN)
    written = vidset("pipeline", "-o", path, "--image", IMAGE, "--overwrite", "--secret", "K=a/b")
    assert written.exit_code == 0
    with pytest.raises(ValueError, match="are for Kubernetes"):
        vertex.submit(path, GIVEN)
    assert len(server.asked) == 1
