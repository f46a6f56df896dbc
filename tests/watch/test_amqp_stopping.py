"""A watcher on a real RabbitMQ that is told to stop, or killed, while it is at work."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.jobs import rows, wait_for
from tests.programs.started import Started
from tests.watch.conftest import Site
from tests.watch.s3_proxy import S3Proxy
from tests.watch.watchers import OUT, is_running, watch, watching, workers_of

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


@contextmanager
def at_work(
    site: Site, proxy: S3Proxy, log: Path, *options: str, seconds: float, slow: str = "/uploads"
) -> Iterator[Started]:
    """A watcher that has begun to read what takes so long: each path that begins with `slow`."""
    started = threading.Event()

    def linger(method: str, path: str) -> None:
        if method == "GET" and path.startswith(slow):
            started.set()
            time.sleep(seconds)

    proxy.before = linger
    environment = {"AWS_ENDPOINT_URL": proxy.url}
    with watching(log, site.rabbitmq.events, *options, environment=environment) as process:
        wait_for(started.is_set, process, log)
        yield process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_watcher_told_to_stop_gives_back_what_it_cannot_finish(site, proxy, tmp_path, number):
    log, slow = tmp_path / "log", "/uploads/long.mp4"
    site.upload("short.mp4", site.video(0))
    site.upload("long.mp4", site.video(1))
    with at_work(site, proxy, log, "--grace", "1", seconds=3600, slow=slow) as process:
        process.send_signal(number)
        assert process.wait(600) == 128 + number, log.read_text()
    assert '"done": 1' in log.read_text()
    assert site.waiting == (1, 0)
    proxy.before = lambda method, path: None
    code, summary, _ = watch(site.rabbitmq.events)
    assert (code, summary["done"], summary["redelivered"]) == (0, 1, 1)
    assert len(rows(OUT, "videos")) == 2


def test_a_watcher_told_to_stop_finishes_what_it_can(site, proxy, tmp_path):
    log = tmp_path / "log"
    site.upload("a.mp4", site.video(0))
    with at_work(site, proxy, log, "--grace", "1800", seconds=3) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(600) == 143
    assert "stopped. The same command goes on from there" in log.read_text()
    assert site.waiting == (0, 0)
    assert len(rows(OUT, "videos")) == 1


def test_a_second_signal_ends_a_watcher_at_once(site, proxy, tmp_path):
    site.upload("a.mp4", site.video(0))
    with at_work(site, proxy, tmp_path / "log", "--grace", "1800", seconds=3600) as process:
        process.send_signal(signal.SIGTERM)
        time.sleep(1)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(600) == -signal.SIGTERM


def test_workers_end_with_a_watcher_that_is_killed(site, proxy, tmp_path):
    """Else what they are at would be done twice at once."""
    site.upload("a.mp4", site.video(0))
    with at_work(site, proxy, tmp_path / "log", seconds=3600) as process:
        [worker] = workers_of(process)
        os.kill(process.pid, signal.SIGKILL)
        deadline = time.monotonic() + 600
        while is_running(worker):
            assert time.monotonic() < deadline
            time.sleep(0.05)
