"""What `vidset label serve` tells Prometheus, of real callbacks and of reconcile."""

import io

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cli.label.serving_here import SECRET, truth_environment
from tests.cli.labels import make_output, write_truth
from vidset.labeling.broker import open_broker
from vidset.listening import listen, url_of
from vidset.local_labeling.metrics import ServeMetrics
from vidset.local_labeling.server import make_app, serving
from vidset.monitoring.server import serving_metrics
from vidset.place import Place

pytestmark = pytest.mark.emulator


def scraped(url: str) -> dict[str, float]:
    text = httpx.get(f"{url}/metrics", trust_env=False, timeout=600).text
    return {
        sample.name + "".join(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def out(tmp_path):
    return make_output(tmp_path / "out", {"a.mp4": 2})


def test_callbacks_and_runs_of_reconcile_are_counted(out):
    write_truth(out, out.parent / "truth.jsonl")
    listening, log, place = listen("127.0.0.1", 0), io.StringIO(), Place.of(str(out))
    url = url_of(listening)
    environment = truth_environment(out, f"{url}/receive_annotation")
    broker = open_broker(place.settings("dispatch", environment))
    metrics = ServeMetrics(broker.store, 60)
    app = make_app(broker, place.images, place.images_root, log, metrics)
    with (
        serving_metrics("127.0.0.1:0", metrics, metrics.problem) as told,
        serving(app, listening, log),
        httpx.Client(trust_env=False, timeout=600) as client,
    ):
        assert client.post(f"{url}/receive_annotation", json={}).status_code == 401
        secret = {"X-Truth-Secret": SECRET}
        [callback] = [broker.settings.secrets]
        assert callback
        client.post(f"{url}/receive_annotation", json={}, headers=secret)
        assert client.post(f"{url}/reconcile").status_code == 200
        found = scraped(told)
        assert found["vidset_label_refused_callbacks_total401"] >= 1
        assert found["vidset_label_reconcile_runs_totalcomplete"] == 1
        assert found["vidset_label_last_callback_timestamp_seconds"] > 1_700_000_000
        assert client.get(f"{told}/healthz").text == "ok\n"
        for _ in range(3):
            metrics.reconciled(503)
        unwell = client.get(f"{told}/healthz")
        assert unwell.status_code == 503
        assert unwell.text == "the last 3 runs of reconcile could not be finished\n"
        broker.store.close()
        assert client.get(f"{told}/healthz").status_code == 503
