"""`vidset extract --dask` over a real S3 server, while workers are killed, cut off and held up."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason='Dask is wanted: pip install "vidset[dask]"')

from tests.cli.called import vidset
from tests.drawing import write_video
from tests.emulators.s3 import S3
from tests.emulators.servers import free_port
from tests.end_to_end.jobs import objects
from tests.end_to_end.test_engines_agree import results
from tests.engines.clusters import DaskCluster, dask_cluster
from tests.engines.hosts import Hosts, hosts
from tests.programs.started import run

pytestmark = [pytest.mark.slow, pytest.mark.emulator, pytest.mark.timeout(1800)]
VIDEOS, SCENES = 6, 8
LOCAL, DASK = "s3://local", "s3://dask"


@pytest.fixture
def uploads(s3, tmp_path) -> S3:
    """A server with videos, and in the bucket `local` what a run on one machine makes of them."""
    fill(s3, tmp_path / "videos", forked)
    return s3


def forked(*words: str) -> str:
    """Run a command by the process that forks commands. Returns what it printed."""
    ended = run(words)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def on_this_host(*words: str) -> str:
    """Run a command by a process of its own: those that tests share are on another host."""
    command = [sys.executable, "-m", "vidset", *words]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def fill(s3: S3, folder: Path, typed: Callable[..., str]) -> None:
    for bucket in ("uploads", "local", "dask"):
        s3.make_bucket(bucket)
    for number in range(VIDEOS):
        path = folder / f"{number}.mp4"
        write_video(path, scenes=range(number, number + SCENES), size=(320, 240))
        s3.client().put_object(Bucket="uploads", Key=f"cam/{number}.mp4", Body=path.read_bytes())
    said = typed("extract", "s3://uploads", "-o", LOCAL, "--json")
    assert json.loads(said)["done"] == VIDEOS


@pytest.fixture
def cluster(uploads, tmp_path) -> Iterator[DaskCluster]:
    with dask_cluster(tmp_path / "cluster", workers=3) as started:
        yield started


def images() -> list[str]:
    return [name for name in objects(DASK) if name.startswith("images/")]


def clear(s3: S3) -> None:
    for name in objects(DASK):
        s3.client().delete_object(Bucket="dask", Key=name)


def during(moment: Callable[[], bool], do: Callable[[], None]) -> threading.Thread:
    """Do something in a thread as soon as the moment has come."""

    def wait() -> None:
        while not moment():
            time.sleep(0.1)
        do()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def check_whole(cluster: DaskCluster) -> None:
    """The place has what a local run makes, and no worker is still at something."""
    assert results(DASK) == results(LOCAL)
    assert not [name for name in objects(DASK) if name.startswith(".cache/probes/")]
    workers = [name for name in cluster.processes if name != "scheduler"]
    while any(cluster.children(name) for name in workers):  # They end with the run.
        time.sleep(0.1)


def kill_at_random(cluster: DaskCluster, uploads: S3, rounds: int, seed: int) -> None:
    """Kill a worker so often, at any moment of a run, and put another in its place."""
    chance = random.Random(seed)
    for number in range(rounds):
        clear(uploads)
        victim, wanted = f"w{number}", chance.randrange(SCENES * VIDEOS)
        killer = during(
            lambda wanted=wanted: len(images()) >= wanted, lambda v=victim: cluster.kill(v)
        )
        done = vidset("extract", "s3://uploads", "-o", DASK, "--dask", cluster.address, "--json")
        killer.join()
        assert done.code == 0, (seed, number, done.err)
        found = done.found
        assert (found["done"] + found["skipped"], found["failed"]) == (VIDEOS, 0), (seed, number)
        cluster.worker(f"w{number + 3}")
        check_whole(cluster)


@pytest.mark.chaos  # In `make test`, test_dask.py kills one.
def test_a_worker_may_be_killed_at_any_moment(cluster, uploads):
    kill_at_random(cluster, uploads, 2, seed=random.randrange(10**6))


@pytest.mark.chaos
def test_a_worker_may_be_killed_at_twenty_moments(cluster, uploads):
    kill_at_random(cluster, uploads, 20, seed=random.randrange(10**6))


def test_a_worker_that_is_held_up_holds_up_its_own_videos(cluster, uploads):
    """Its process and its children are stopped for some seconds, as on a machine that swaps."""

    def hold_up() -> None:
        stopped = [*cluster.children("w0"), cluster.processes["w0"].pid]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(5)
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)

    holder = during(lambda: bool(images()), hold_up)
    done = vidset("extract", "s3://uploads", "-o", DASK, "--dask", cluster.address, "--json")
    holder.join()
    assert (done.code, done.found["done"]) == (0, VIDEOS), done.err
    check_whole(cluster)


@pytest.fixture
def network(tmp_path) -> Iterator[Hosts]:
    with hosts(4) as made:
        yield made


@pytest.fixture
def far_s3(network, tmp_path, monkeypatch) -> Iterator[S3]:
    """A server on host 1, which this process reaches as well: it runs there from here on."""
    port = free_port()
    command = [*network.inside(1), sys.executable, "-m", "moto.server"]
    command += ["-H", network.address(1), "-p", str(port)]
    s3 = S3(f"http://{network.address(1)}:{port}")
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    with (tmp_path / "s3.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        with network.entered(1):
            while not answers(s3):
                assert server.poll() is None, (tmp_path / "s3.log").read_text()
            fill(s3, tmp_path / "videos", on_this_host)
            yield s3
    finally:
        server.kill()
        server.wait()


def answers(s3: S3) -> bool:
    try:
        s3.client().list_buckets()
    except Exception:
        time.sleep(0.1)
        return False
    return True


def test_a_host_that_is_cut_off_and_comes_back_costs_time_and_nothing_else(
    network, far_s3, tmp_path
):
    cluster = DaskCluster(tmp_path / "cluster", network.address(1), network.inside(1))
    try:
        for host in (2, 3, 4):
            inside = network.inside(host)
            cluster.worker(f"w{host}", before=inside, host=network.address(host))
        cutter = during(lambda: bool(images()), lambda: network.cut(3))
        done = vidset("extract", "s3://uploads", "-o", DASK, "--dask", cluster.address, "--json")
        cutter.join()
        assert (done.code, done.found["done"] + done.found["skipped"]) == (0, VIDEOS), done.err
        assert results(DASK) == results(LOCAL)
        network.heal(3)  # What the host was at when it was cut off has nobody who waits for it.
        again = vidset("extract", "s3://uploads", "-o", DASK, "--dask", cluster.address, "--json")
        assert (again.code, again.found["skipped"]) == (0, VIDEOS), again.err
        check_whole(cluster)
    finally:
        cluster.end()


def certificate(folder: Path) -> dict[str, str]:
    """Make a certificate that is its own authority. Returns what Dask's configuration wants."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder.mkdir()
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    today = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(today - timedelta(days=1)).not_valid_after(
        today + timedelta(days=1)
    )
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    public = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "cert.pem").write_bytes(public)
    (folder / "key.pem").write_bytes(private)
    settings = {"DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "True"}
    settings["DASK_DISTRIBUTED__COMM__DEFAULT_SCHEME"] = "tls"
    settings["DASK_DISTRIBUTED__COMM__TLS__CA_FILE"] = str(folder / "cert.pem")
    for role in "CLIENT", "SCHEDULER", "WORKER":
        settings[f"DASK_DISTRIBUTED__COMM__TLS__{role}__CERT"] = str(folder / "cert.pem")
        settings[f"DASK_DISTRIBUTED__COMM__TLS__{role}__KEY"] = str(folder / "key.pem")
    return settings


def test_with_tls_only_who_has_a_certificate_may_give_work(uploads, tmp_path):
    ours, others = certificate(tmp_path / "ours"), certificate(tmp_path / "others")
    cluster = DaskCluster(tmp_path / "cluster", environment=ours)
    try:
        cluster.worker("w0")
        assert cluster.address.startswith("tls://")
        words = ("extract", "s3://uploads", "-o", DASK, "--quiet", "--dask", cluster.address)
        for settings, code in (({}, 1), (others, 1), (ours, 0)):
            ended = run(words, env={**os.environ, **settings})
            assert ended.returncode == code, ended.stderr
            assert "Traceback" not in ended.stderr
            assert (f"{cluster.address}: the scheduler cannot be reached" in ended.stderr) == code
            assert bool(images()) == (code == 0)
        check_whole(cluster)
    finally:
        cluster.end()
