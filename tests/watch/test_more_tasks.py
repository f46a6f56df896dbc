"""A task of Cloud Run that starts more, against servers that answer as the two services do."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from google.auth.credentials import AnonymousCredentials

from tests.cli.called import vidset
from vidset.watch.more_tasks import Services, start_more_tasks
from vidset.watch.report import Report

SUBSCRIPTION = "projects/team-videos/subscriptions/uploads"
JOB = "projects/team-videos/locations/europe-west1/jobs/vidset-ingest"


class Cloud:
    """Answers `waiting` as Cloud Monitoring's newest count, and remembers the runs that begin."""

    def __init__(self):
        self.points, self.runs, self.asked, self.status = [], [], [], 200
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                cloud.asked.append(urlsplit(self.path))
                series = [{"points": cloud.points}] if cloud.points else []
                self.answer({"timeSeries": series} if series else {})

            def do_POST(self):
                data = self.rfile.read(int(self.headers["Content-Length"]))
                cloud.runs.append((self.path, json.loads(data)))
                self.answer({"name": "an operation"})

            def answer(self, found):
                data = json.dumps(found).encode()
                self.send_response(cloud.status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def services(self) -> Services:
        url = f"http://127.0.0.1:{self.server.server_port}"
        return Services(url, url, AnonymousCredentials())

    def count(self, *waiting: int) -> None:
        """Let these be the counts, the newest first, as the service lists them."""
        self.points = [
            {
                "interval": {"endTime": f"2026-11-30T04:{59 - at}:00Z"},
                "value": {"int64Value": f"{n}"},
            }
            for at, n in enumerate(waiting)
        ]


@pytest.fixture
def cloud():
    made = Cloud()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def told():
    return []


def start(cloud, told, most=10, workers=2) -> int:
    report = Report(told.append)
    return start_more_tasks(SUBSCRIPTION, JOB, most, workers, report, cloud.services)


@pytest.mark.parametrize(
    ("waiting", "most", "helpers"),
    [
        pytest.param(0, 10, 0, id="nothing"),
        pytest.param(2, 10, 0, id="what one task takes at once"),
        pytest.param(3, 10, 1, id="one more"),
        pytest.param(9, 10, 4, id="a last one that is half busy"),
        pytest.param(5000, 10, 9, id="as many as there may be"),
        pytest.param(5000, 1, 0, id="one at most"),
    ],
)
def test_as_many_tasks_as_messages_keep_busy(cloud, told, waiting, most, helpers):
    cloud.count(waiting, 777)
    assert start(cloud, told, most) == helpers
    assert len(cloud.runs) == (helpers > 0)
    for path, body in cloud.runs:
        assert path == f"/v2/{JOB}:run"
        assert body == {
            "overrides": {
                "taskCount": helpers,
                "containerOverrides": [{"env": [{"name": "VIDSET_IS_HELPER", "value": "yes"}]}],
            }
        }
    (asked,) = cloud.asked
    assert asked.path == "/v3/projects/team-videos/timeSeries"
    wanted = (
        'metric.type = "pubsub.googleapis.com/subscription/num_undelivered_messages" '
        'AND resource.labels.subscription_id = "uploads"'
    )
    assert parse_qs(asked.query)["filter"] == [wanted]


def test_a_subscription_without_counts_starts_nothing(cloud, told):
    assert start(cloud, told) == 0
    assert cloud.runs == []
    assert told == []


def test_a_service_that_refuses_is_a_warning(cloud, told):
    cloud.count(100)
    cloud.status = 403
    assert start(cloud, told) == 0
    assert f"{JOB}: no more tasks are started: 403 Client Error" in told[0]
    cloud.status, cloud.points = 200, [{"interval": {}}]
    assert start(cloud, told) == 0
    assert "wanted a list of counts" in told[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(("--most-tasks", "3"), "--most-tasks: wanted --job as well", id="no job"),
        pytest.param(("--job", "vidset-ingest"), "--job: wanted projects/P/locations", id="a name"),
        pytest.param(("--job", JOB), "--job goes with a Pub/Sub subscription", id="a folder"),
    ],
)
def test_what_starts_more_tasks_is_checked_before_any_work(tmp_path, words, said):
    called = vidset("watch", tmp_path, "-o", tmp_path / "out", *words)
    assert (called.code, said in called.refusal) == (2, True)
    assert not (tmp_path / "out").exists()
