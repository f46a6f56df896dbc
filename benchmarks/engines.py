"""Dask beside the engine of this machine, and a million names through any engine.

Workers of Dask are processes of this machine, as many as it has cores. A host is cut off in network
namespaces, which needs root and iproute2.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.engine import Programs, Ran, looped, source_of
from tests.engines.clusters import DaskCluster, dask_cluster
from tests.engines.hosts import Hosts

_CLIPS, _CLIP_SECONDS, _REPEATS = 48, 20, 2
_TINY, _TINY_SECONDS = 200, 2
_NAMES = 1_000_000
_IDLE_SECONDS = 10
_TICKS = os.sysconf("SC_CLK_TCK")
# Lists names as a bucket would, and does every task at once; the paths are of usual length.
_MANY = """
import sys, tempfile, time
from collections import deque
from vidset.engines.engine import Outcome
from vidset.intake import listing
from vidset.intake.request import Request
from vidset.intake.run import extract
from vidset.intake.tasks import Outcome as Done, upload_of
from vidset.shards import Shard
from vidset.storage.store import StoredObject
number, shard = int(sys.argv[1]), Shard(1, int(sys.argv[2]))
class Bucket:
    def list(self, prefix=""):
        for each in range(number):
            name = f"drives/2026-11/car-{each // 1000:04}/{each:08}.mp4"
            yield StoredObject(name, f"{each:016x}", 1, "video/mp4")
class Fake:
    capacity, cpu_seconds = 64, 0.0
    def __init__(self):
        self.tasks, self.most = deque(), 0
    def submit(self, task):
        self.tasks.append(task)
        self.most = max(self.most, len(self.tasks))
    def next(self, timeout_seconds):
        task = self.tasks.popleft()
        upload = upload_of(task)
        done = Done(upload.video_uri, "done", reasons={"kept": 1}, generation=upload.generation)
        return Outcome(task, done)
    def end(self):
        pass
listing.open_store = lambda uri: Bucket()
fake, began = Fake(), time.process_time()
with tempfile.TemporaryDirectory() as place:
    done = extract(
        Request(("s3://uploads",), place, shard=shard), start_engine=lambda *given: fake
    )
taken = time.process_time() - began
assert done.videos + done.in_other_shards == number and fake.most <= fake.capacity
# Not ru_maxrss, which counts the process that this one was started from.
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
memory = int(status["VmHWM"].split()[0]) / 1000
print(f"{done.done:,} done, {memory:.0f} MB, {taken:.0f} CPU s")
"""


def run(videos: Sequence[Path]) -> None:
    cores = os.cpu_count() or 1
    print("\n| | measured |\n|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        programs = Programs(work)
        for shards in 1, 4:
            said = subprocess.run(
                [sys.executable, "-c", _MANY, str(_NAMES), str(shards)],
                check=True,
                capture_output=True,
                text=True,
                env=programs.environment,
            ).stdout.strip()
            print(f"| {_NAMES:,} names, shard 1/{shards} (aim: 300 MB) | {said} |", flush=True)
        source = source_of(videos, work)
        clips = _copies(looped(source, work / "clip.mp4", _CLIP_SECONDS), work / "clips", _CLIPS)
        tiny = _copies(looped(source, work / "tiny.mp4", _TINY_SECONDS), work / "tiny", _TINY)
        with dask_cluster(work / "cluster", cores, programs.compiled) as cluster:
            # Modules are compiled once, on the driver's side and on the nodes'.
            _extract(programs, _copies(tiny / "0000.mp4", work / "warm", 2 * cores), cluster)
            _first(programs, cluster, clips)
            _cost(programs, cluster, clips)
            _driver(programs, cluster, tiny)
        _cut(programs, work, clips)


def _copies(clip: Path, folder: Path, number: int) -> Path:
    """So many clips of one, each with other content: its number stands in a box of its own."""
    data = clip.read_bytes()
    folder.mkdir()
    for each in range(number):
        # Readers pass over it: size, kind, contents (ISO/IEC 14496-12, 8.1.2).
        free = (16).to_bytes(4) + b"free" + each.to_bytes(8)
        (folder / f"{each:04d}.mp4").write_bytes(data + free)
    return folder


def _first(programs: Programs, cluster: DaskCluster, clips: Path) -> None:
    """Measure from the command to the first image."""
    with _place() as place:
        command = programs.command("extract", str(clips), "-o", str(place), "-q")
        began = time.perf_counter()
        process = subprocess.Popen([*command, "--dask", cluster.address], env=programs.environment)
        _wait_for_an_image(process, place)
        seconds = time.perf_counter() - began
        process.wait()
    print(f"| from the command to Dask's first image (aim: 3 s) | {seconds:.1f} s |", flush=True)


def _wait_for_an_image(process: subprocess.Popen[bytes], place: Path) -> None:
    """Wait for the first image of an extraction.

    Raises:
        RuntimeError: it ended without one.
    """
    while not any((place / "images").rglob("*.jpg")):
        if process.poll() is not None:
            raise RuntimeError(f"the extraction ended with {process.returncode} and no image")
        time.sleep(0.01)


def _cost(programs: Programs, cluster: DaskCluster, clips: Path) -> None:
    local, dask = [], []
    idle = _idle_share(cluster)
    for _ in range(_REPEATS):
        local.append(_extract(programs, clips))
        dask.append(_extract(programs, clips, cluster))
    ours = Ran(min(r.seconds for r in local), min(r.cpu_seconds for r in local))
    theirs = Ran(min(r.seconds for r in dask), min(r.cpu_seconds for r in dask))
    print(
        f"| {_CLIPS} clips of {_CLIP_SECONDS} s, this machine | {ours.seconds:.1f} s, "
        f"{ours.cpu_seconds:.1f} CPU s |\n"
        f"| the same by Dask, all its processes (aim: 1.1 of the time, 1.05 of the CPU) "
        f"| {theirs.seconds:.1f} s, {theirs.seconds / ours.seconds:.2f}; "
        f"{theirs.cpu_seconds:.1f} CPU s, {theirs.cpu_seconds / ours.cpu_seconds:.3f}; of that, "
        f"the cluster takes {idle * theirs.seconds:.1f} CPU s in this time with nothing to do |",
        flush=True,
    )


def _idle_share(cluster: DaskCluster) -> float:
    """Return how much of a core scheduler and workers take while they have no task."""
    before = _cluster_seconds(cluster)
    time.sleep(_IDLE_SECONDS)
    return (_cluster_seconds(cluster) - before) / _IDLE_SECONDS


def _driver(programs: Programs, cluster: DaskCluster, tiny: Path) -> None:
    """Measure what one more video costs the command itself."""
    one = tiny.parent / "one"
    one.mkdir()
    shutil.copy(tiny / "0000.mp4", one)
    few = _driver_seconds(programs, one, cluster)
    many = _driver_seconds(programs, tiny, cluster)
    each = (many - few) / (_TINY - 1) * 1000
    print(f"| the command's own CPU for one more video (aim: 5 ms) | {each:.1f} ms |", flush=True)


def _cut(programs: Programs, work: Path, clips: Path) -> None:
    if os.geteuid() or not shutil.which("ip"):
        print("| a host that is cut off | not measured: it needs root and iproute2 |")
        return
    made = Hosts(4)
    try:
        seconds = [_on_hosts(programs, work, clips, made, cut=cut) for cut in (False, True)]
    finally:
        made.end()
    print(
        f"| three hosts; one is cut off (aim: 90 s more) "
        f"| {seconds[0]:.0f} s; {seconds[1]:.0f} s, {seconds[1] - seconds[0]:.0f} s more |",
        flush=True,
    )


def _on_hosts(programs: Programs, work: Path, clips: Path, made: Hosts, *, cut: bool) -> float:
    cluster = DaskCluster(work / f"hosts-{cut}", made.address(1), made.inside(1), programs.compiled)
    try:
        for host in 2, 3, 4:
            inside = made.inside(host)
            cluster.worker(f"w{host}", before=inside, host=made.address(host))
        with _place() as place:
            command = programs.command("extract", str(clips), "-o", str(place), "-q")
            began = time.perf_counter()
            process = subprocess.Popen(
                [*made.inside(1), *command, "--dask", cluster.address], env=programs.environment
            )
            _wait_for_an_image(process, place)
            if cut:
                made.cut(3)
            if process.wait():
                raise RuntimeError(f"the extraction ended with {process.returncode}")
            return time.perf_counter() - began
    finally:
        cluster.end()
        made.heal(3)


def _extract(programs: Programs, clips: Path, cluster: DaskCluster | None = None) -> Ran:
    with _place() as place:
        before = 0.0 if cluster is None else _cluster_seconds(cluster)
        words = ["extract", str(clips), "-o", str(place), "-q"]
        words += [] if cluster is None else ["--dask", cluster.address]
        ran = programs.vidset(*words)
        after = 0.0 if cluster is None else _cluster_seconds(cluster)
    return Ran(ran.seconds, ran.cpu_seconds + after - before)


def _driver_seconds(programs: Programs, folder: Path, cluster: DaskCluster) -> float:
    with _place() as place:
        words = ["extract", str(folder), "-o", str(place), "-q", "--dask", cluster.address]
        return programs.vidset(*words).cpu_seconds


@contextmanager
def _place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder, "place")


def _cluster_seconds(cluster: DaskCluster) -> float:
    """Return the CPU seconds of scheduler and workers, with those of children that have ended."""
    total = 0.0
    for process in cluster.processes.values():
        text = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        total += sum(map(int, text[11:15])) / _TICKS
    return total
