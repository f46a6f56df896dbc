"""Jobs with their ledger in BigQuery pass over a forgotten video that comes to them again."""

import pytest

from tests.cli.called import vidset
from tests.end_to_end.jobs import objects, running_job, wait_for
from tests.watch.watchers import watch
from vidset.ledger.open import open_table_ledger
from vidset.warehouse.bigquery import DatasetWarehouse

pytestmark = [pytest.mark.emulator, pytest.mark.slow]
A, B = "cam1/a.mp4", "cam2/b.mp4"


@pytest.fixture
def cloud(gcs_with_events):
    for bucket in "uploads", "images", "dead":
        gcs_with_events.make_bucket(bucket)
    return gcs_with_events


@pytest.fixture
def ledger(bigquery, tmp_path) -> str:
    bigquery.client().create_dataset("vidset")
    uri = f"bq://{bigquery.project}.vidset"
    DatasetWarehouse(uri, str(tmp_path / "staging")).prepare()
    return uri


def put(cloud, name: str, path) -> None:
    cloud.client().bucket("uploads").blob(name).upload_from_filename(path, "video/mp4")


def forget(ledger: str) -> None:
    """Forget the first video; its upload stays, so that something could be taken in again."""
    called = vidset(
        *("forget", A, "-p", "gs://images", "--warehouse", ledger, "--store", "sqlite:none"),
        *("--keep-source", "--yes", "--json"),
    )
    assert called.code == 0, called.err
    assert called.found["left"] == {}


def uris(ledger: str) -> list[str]:
    return sorted(row["video_uri"] for row in open_table_ledger(ledger).videos())


def images() -> set[str]:
    return {name for name in objects("gs://images") if name.endswith(".jpg")}


def redeliver(cloud, events: str) -> None:
    for event in cloud.pubsub.pull_all(events, count=2):
        cloud.pubsub.publish(cloud.topic, event.data, **event.attributes)


def test_a_watcher_passes_over_it_when_events_come_again(cloud, ledger, video):
    events = cloud.pubsub.create_subscription("events", cloud.topic)
    for name in A, B:
        put(cloud, name, video)
    where = f"pubsub:{cloud.subscription}", "--images", "gs://images", "--ledger", ledger
    code, summary, said = watch(*where, output="gs://dead")
    assert (code, summary["done"]) == (0, 2), said
    forget(ledger)
    left = images()
    assert len(left) == 4
    redeliver(cloud, events)
    code, summary, said = watch(*where, output="gs://dead")
    assert (code, summary["done"], summary["skipped"]) == (0, 0, 2), said
    assert (uris(ledger), images()) == ([f"gs://uploads/{B}"], left)


def test_a_stream_passes_over_it_when_events_come_again(cloud, ledger, video, tmp_path):
    log = tmp_path / "job.log"
    events = cloud.pubsub.create_subscription("events", cloud.topic)
    dead_letters = cloud.pubsub.create_topic("dead-letters")
    common = (
        f"--input_subscription={cloud.subscription}",
        "--uploads_bucket=uploads",
        f"--dead_letter_topic={dead_letters}",
        "--images=gs://images",
        f"--ledger={ledger}",
    )
    put(cloud, A, video)
    with running_job(log, *common) as job:
        wait_for(lambda: uris(ledger) == [f"gs://uploads/{A}"], job, log)
    forget(ledger)
    assert images() == set()
    put(cloud, B, video)
    redeliver(cloud, events)
    with running_job(log, *common) as job:
        wait_for(lambda: f"gs://uploads/{B}" in uris(ledger), job, log)
        wait_for(lambda: not cloud.pubsub.pull_all(cloud.subscription), job, log)
    assert uris(ledger) == [f"gs://uploads/{B}"]
    assert {name.partition("/")[0] for name in images()} == {"cam2"}


def test_a_batch_job_passes_over_it_with_redo_as_well(cloud, ledger, video, tmp_path):
    log = tmp_path / "job.log"
    for name in A, B:
        put(cloud, name, video)
    common = (
        "--input=gs://uploads/",
        "--images=gs://images",
        f"--ledger={ledger}",
        "--dead_letters=gs://dead/letters",
    )
    with running_job(log, *common) as job:
        assert job.wait(600) == 0, log.read_text()
    assert len(uris(ledger)) == 2
    forget(ledger)
    left = images()
    with running_job(log, *common, "--redo=failed") as job:
        assert job.wait(600) == 0, log.read_text()
    assert (uris(ledger), images()) == ([f"gs://uploads/{B}"], left)
