"""A watcher tells Prometheus what it did, and says when it is stuck or not connected."""

import time

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.drawing import write_video
from tests.emulators.servers import free_port
from tests.watch.watchers import make_queue, watching
from vidset.watch import metrics as module
from vidset.watch.lifetime import Lifetime
from vidset.watch.metrics import WatchMetrics
from vidset.watch.report import Report


def get(port: int, path: str) -> httpx.Response | None:
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=600, trust_env=False)
    except httpx.TransportError:
        return None


def scraped(port: int) -> dict[str, float]:
    answer = get(port, "/metrics")
    if answer is None:
        return {}
    return {
        sample.name + "".join(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def until(condition, seconds: float = 600):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.2)
    return found


@pytest.mark.slow
def test_a_watcher_is_scraped_while_it_watches_a_folder(tmp_path):
    folder, port = tmp_path / "uploads", free_port()
    write_video(folder / "a.mp4", scenes=range(3))
    address = ("--metrics", f"127.0.0.1:{port}")
    with watching(tmp_path / "log", str(folder), *address, output=str(tmp_path / "roads")):
        found = until(lambda: (s := scraped(port)).get("vidset_watch_videos_totaldone") and s)
        assert found["vidset_watch_kept_total"] == 3
        assert found["vidset_watch_last_event_timestamp_seconds"] > 1_700_000_000
        until(lambda: scraped(port)["vidset_watch_in_flight"] == 0)
        until(lambda: (answer := get(port, "/healthz")) and answer.status_code == 200)
        assert get(port, "/secret").status_code == 404


@pytest.mark.emulator
def test_health_tells_whether_the_broker_is_connected(tmp_path, rabbitmq):
    make_queue(rabbitmq)
    nobody, port = f"amqp://guest:guest@127.0.0.1:{free_port()}/%2F?queue=q", free_port()
    address = ("--metrics", f"127.0.0.1:{port}")
    with watching(tmp_path / "log", nobody, *address, output=str(tmp_path / "roads")):
        refused = until(lambda: get(port, "/healthz"))
        assert refused.status_code == 503
        assert "not connected; it last was never yet" in refused.text
    with watching(tmp_path / "log", rabbitmq.events, *address, output=str(tmp_path / "roads")):
        until(lambda: (answer := get(port, "/healthz")) and answer.status_code == 200)
        assert scraped(port)["vidset_watch_connected"] == 1


def test_a_connection_that_is_lost_and_a_video_that_never_ends_are_problems(monkeypatch):
    report, life = Report(print), Lifetime(None, 0)
    metrics = WatchMetrics(report, life, stuck_seconds=0.05)
    life.beat()
    assert metrics.problem() is None
    with report.at_work():
        time.sleep(0.1)
        assert metrics.problem().startswith("1 uploads at work, and none has ended for")
    assert metrics.problem() is None
    monkeypatch.setattr(module, "_SILENT_SECONDS", 0)
    assert "is not connected; it last was" in metrics.problem()


@pytest.mark.parametrize("address", ["9100", "localhost", "127.0.0.1:99999", "a b:1", ":9100"])
def test_an_address_that_is_none_is_refused(address):
    from vidset.monitoring.server import parse_address

    with pytest.raises(ValueError, match="--metrics: wanted ADDRESS:PORT such as"):
        parse_address(address)
