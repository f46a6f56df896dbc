"""The batch jobs on Prism, Beam's portable runner, with workers as processes of their own."""

import lzma
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.called import vidset
from tests.documents.labels import annotation, put_annotations, put_tasks, task
from tests.drawing import write_video
from tests.emulators.environments import locked
from tests.emulators.servers import Server, cache_folder, serve
from tests.end_to_end.jobs import objects, rows, running_job, wait_for
from tests.end_to_end.test_engines_agree import make_videos, results
from tests.paths import SHARED
from vidset.labeling.stores.sqlite import SqliteStore

pytestmark = [pytest.mark.slow, pytest.mark.emulator]
_PACKED = SHARED / "tools" / "engines" / "prism.xz"
_POOL = "apache_beam.runners.worker.worker_pool_main"


def find_prism() -> str:
    """The program: that of PATH, or the packed one, unpacked once."""
    if found := shutil.which("prism"):
        return found
    if not _PACKED.is_file():
        pytest.skip(f"Prism is wanted: no program prism on the PATH, and no {_PACKED}")
    program = cache_folder() / "prism"
    with locked(program):
        if not program.exists():
            unpacked = program.with_suffix(".new")
            unpacked.write_bytes(lzma.decompress(_PACKED.read_bytes()))
            unpacked.chmod(stat.S_IRWXU)
            unpacked.rename(program)
    return str(program)


@pytest.fixture(scope="module")
def prism(tmp_path_factory) -> Iterator[Server]:
    program, folder = find_prism(), tmp_path_factory.mktemp("prism")

    def command(port: int) -> list[str]:
        return [program, "-serve_http=false", f"-job_port={port}"]

    with serve("prism", command, "", folder=folder) as server:
        yield server


@contextmanager
def worker_pool(folder: Path) -> Iterator[Server]:
    def command(port: int) -> list[str]:
        return [sys.executable, "-m", _POOL, f"--service_port={port}"]

    # The pool starts its workers as `python`: that of this environment.
    path = f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}"
    with serve("pool", command, "", folder=folder, environment={"PATH": path}) as server:
        yield server


def options(prism: Server, pool: Server) -> tuple[str, ...]:
    return (
        "--runner=PortableRunner",
        f"--job_endpoint={prism.address}",
        "--environment_type=EXTERNAL",
        f"--environment_config={pool.address}",
    )


def workers_of(pool: Server) -> list[int]:
    """The processes that the pool has started for jobs."""
    command = ["ps", "-ww", "-o", "pid=,args=", "-g", str(pool.watchdog.pid)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return [int(line.split()[0]) for line in said.splitlines() if "SdkHarness" in line]


def test_the_ingest_job_over_a_folder_gives_the_bytes_of_a_local_run(prism, tmp_path):
    videos = make_videos(tmp_path / "in")
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    assert vidset("extract", videos, "-o", ours).code == 1
    with worker_pool(tmp_path) as pool:
        ended = vidset("extract", videos, "-o", theirs, "--", *options(prism, pool))
    assert ended.code == 1, ended.err
    images, tables = results(str(ours))
    assert len(images) > 8
    assert results(str(theirs)) == (images, tables)
    assert objects(f"{ours}/dead_letters") == objects(f"{theirs}/dead_letters")


def test_the_ingest_job_over_s3_gives_the_bytes_of_a_local_run(prism, s3, tmp_path):
    for bucket in ("uploads", "ours", "theirs"):
        s3.make_bucket(bucket)
    for path in make_videos(tmp_path / "in").rglob("*.*"):
        key = str(path.relative_to(tmp_path / "in"))
        s3.client().put_object(Bucket="uploads", Key=key, Body=path.read_bytes())
    assert vidset("extract", "s3://uploads", "-o", "s3://ours").code == 1
    with worker_pool(tmp_path) as pool:
        ended = vidset("extract", "s3://uploads", "-o", "s3://theirs", "--", *options(prism, pool))
    assert ended.code == 1, ended.err
    assert results("s3://theirs") == results("s3://ours")


def test_the_export_job_gives_the_rows_of_a_local_run(prism, tmp_path):
    store = SqliteStore(tmp_path / "labels.sqlite")
    put_annotations(store, *map(annotation, range(5)))
    put_tasks(store, *map(task, range(5)))
    store.close()
    labels = ("--store", f"sqlite:{tmp_path}/labels.sqlite")
    letters = ("--dead-letters", tmp_path / "dead")
    ours, theirs = ("--warehouse", tmp_path / "ours"), ("--warehouse", tmp_path / "theirs")
    local = vidset("sync", *labels, *ours, *letters, "--json")
    with worker_pool(tmp_path) as pool:
        ended = vidset("sync", *labels, *theirs, *letters, "--json", "--", *options(prism, pool))
    assert ended.code == 0, ended.err
    assert ended.found["tables"] == local.found["tables"]
    assert ended.found["tables"]["annotations"]["changed"] == 5
    for table in ("annotations", "tasks"):
        assert table_rows(tmp_path / "theirs", table) == table_rows(tmp_path / "ours", table)


def table_rows(warehouse: Path, table: str) -> list[dict]:
    from vidset.warehouse.duckdb import make_views, open_duckdb

    with open_duckdb() as connection:
        make_views(connection, warehouse)
        found = connection.execute(f"SELECT * FROM {table} ORDER BY image_id")  # noqa: S608
        return found.to_arrow_table().to_pylist()


def test_a_killed_worker_fails_the_job_and_the_next_run_goes_on(prism, tmp_path):
    for number in range(12):
        name = tmp_path / "in" / f"{number}.mp4"
        write_video(name, scenes=range(number, number + 12), size=(320, 240))
    out, log = tmp_path / "out", tmp_path / "job.log"
    arguments = [f"--input={tmp_path}/in", f"--images={out}/images", f"--ledger={out}"]
    arguments += [f"--dead_letters={out}/dead_letters"]
    with worker_pool(tmp_path) as pool:
        with running_job(log, *arguments, *options(prism, pool)) as job:
            wait_for(lambda: bool(rows(str(out), "videos")), job, log)
            for worker in workers_of(pool):
                os.kill(worker, signal.SIGKILL)
            assert job.wait(600) == 1
        _, _, said = log.read_text().partition("ingest_job: Pipeline ")
        assert "SDK worker disconnected" in said
        assert "The same command goes on from there." in said
        done = {row["video_uri"] for row in rows(str(out), "videos")}
        assert len(done) < 12
        with running_job(log, *arguments, *options(prism, pool)) as job:
            assert job.wait(600) == 0, log.read_text()[-4000:]
    found = rows(str(out), "videos")
    assert len(found) == len({row["video_uri"] for row in found}) == 12
    assert len(objects(f"{out}/images")) == sum(row["kept"] for row in found)
