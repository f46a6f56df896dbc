"""Exports that are killed, overtaken, or run in processes of their own."""

import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest

from tests.documents.labels import (
    annotation,
    id_of,
    put_annotations,
)
from tests.end_to_end.exports import InBigquery, InParquet, revisions
from tests.programs.started import run

pytestmark = pytest.mark.emulator


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "place"),
    [
        pytest.param("bigquery", "staged", id="bigquery-before-the-load-job"),
        pytest.param("bigquery", "loaded", id="bigquery-between-staging-and-merge"),
        pytest.param("bigquery", "merged", id="bigquery-between-merge-and-watermark"),
        # Nothing is there yet, as before the file appears.
        pytest.param("parquet", "staged", marks=pytest.mark.chaos, id="parquet-before-the-merge"),
        pytest.param("parquet", "written", id="parquet-before-the-file-appears"),
        pytest.param("parquet", "merged", id="parquet-between-merge-and-watermark"),
    ],
)
def test_an_export_that_is_killed_is_repaired_by_the_next(
    kind, place, store, firestore, tmp_path, request
):
    warehouse = (
        InParquet(firestore.project, tmp_path)
        if kind == "parquet"
        else InBigquery(request.getfixturevalue("bigquery"), firestore.project, tmp_path)
    )
    put_annotations(store, *(annotation(number) for number in range(5)))
    assert warehouse.export() == 0
    now = datetime.now(UTC)
    put_annotations(store, *(annotation(n, revision=2, written_at=now) for n in range(3, 8)))
    killed = run([place, *warehouse.arguments], module="tests.end_to_end.dying_export")
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]
    if place != "merged":
        assert set(revisions(warehouse).values()) == {1}
    assert warehouse.export() == 0
    assert revisions(warehouse) == {
        **{id_of(number): 1 for number in range(3)},
        **{id_of(number): 2 for number in range(3, 8)},
    }


@pytest.mark.slow
def test_documents_that_change_during_exports_are_in_the_last(store, warehouse):
    """Half of them keep changing, by a writer that knows nothing of the exports."""
    numbers = range(40)
    put_annotations(store, *(annotation(number) for number in numbers))
    written: dict[str, int] = {id_of(number): 1 for number in numbers}
    done = threading.Event()

    def write() -> None:
        revision = 1
        while not done.is_set():
            revision += 1
            for number in numbers[::2]:
                now = datetime.now(UTC)
                put_annotations(store, annotation(number, revision=revision, written_at=now))
                written[id_of(number)] = revision

    writer = threading.Thread(target=write)
    writer.start()
    seen: dict[str, int] = {}
    try:
        for _ in range(4):
            assert warehouse.export() == 0
            now_seen = revisions(warehouse)
            assert all(now_seen[name] >= revision for name, revision in seen.items())
            seen = now_seen
    finally:
        done.set()
        writer.join()
    assert max(written.values()) > 2
    assert warehouse.export() == 0
    assert revisions(warehouse) == written


@pytest.mark.slow
def test_workers_may_be_processes_of_their_own(store, firestore, tmp_path):
    warehouse = InParquet(firestore.project, tmp_path)
    put_annotations(store, *(annotation(number, objects=()) for number in range(4_100)))
    more = ["--direct_running_mode=multi_processing", "--direct_num_workers=2"]
    done = subprocess.run(
        [sys.executable, "-m", "vidset.beam.export_job", *warehouse.arguments, *more],
        capture_output=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert len(revisions(warehouse)) == 4_100


@pytest.mark.slow
def test_rows_reach_bigquery_through_a_bucket(
    store, firestore, emulator_project, tmp_path, monkeypatch
):
    """fake-gcs-server keeps its objects where the BigQuery emulator looks for gs://."""
    from tests.emulators.bigquery import PROGRAM, Bigquery, emulator_python
    from tests.emulators.gcs import Gcs, gcs_server
    from tests.emulators.servers import serve

    root = tmp_path / "buckets"

    def command(port: int) -> list[str]:
        return [str(emulator_python()), "-I", str(PROGRAM), str(port), str(tmp_path / "uploads")]

    root.mkdir()
    environment = {"BQEMU_GCS_LOCAL_ROOT": str(root)}
    with (
        serve("bigquery", command, "grpc.listen", environment=environment, folder=tmp_path) as one,
        gcs_server(root=root, folder=tmp_path) as other,
    ):
        bigquery, gcs = Bigquery(one.url, emulator_project), Gcs(other.url, emulator_project)
        for name, value in {**bigquery.environment, **gcs.environment}.items():
            monkeypatch.setenv(name, value)
        gcs.client().create_bucket("staging")
        warehouse = InBigquery(bigquery, firestore.project, tmp_path)
        warehouse.arguments[2] = "--staging=gs://staging/export"
        put_annotations(store, *(annotation(number) for number in range(3)))
        assert warehouse.export() == 0
        assert revisions(warehouse) == {id_of(number): 1 for number in range(3)}
