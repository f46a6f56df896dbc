"""The labeling functions under load: functions-framework, the Firestore emulator, a Scale double.

The servers are those of the tests (tests/README in tests/emulators): real HTTP, real processes.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.labeling_requests import (
    AT_ONCE,
    callback,
    deliver_all,
    each,
    each_status,
    event,
    forged,
    name_of,
    outcome_of,
)
from tests.emulators.firestore import firestore_server
from tests.labeling.functions import MAIN, function, scale_settings
from tests.labeling.vendors.scale.double import ScaleDouble
from tests.labeling.vendors.scale.double_state import Failure
from vidset.labeling.events import image_id
from vidset.labeling.stores.store import Query, Store

TEMPLATE = "name: road users\nlabels: [{name: car, min_width: 4, min_height: 4}]\n"
DYING_MAIN = MAIN.parents[2] / "tests/labeling/dying_main.py"


@dataclass(frozen=True)
class Setting:
    store: Store
    scale: ScaleDouble
    environment: dict[str, str]
    folder: Path


def run(_: Sequence[Path]) -> None:
    """Runs without videos: only names of images are dispatched."""
    print("## The labeling functions\n")
    with setting() as given:
        dispatch_speed(given)
    with setting() as given:
        storm(given, images=1000, deliveries=3)
    with setting() as given:
        callbacks(given, images=1000, each=10)
    with setting() as given:
        attacks(given, requests=10_000)


@contextmanager
def setting() -> Iterator[Setting]:
    from vidset.labeling.stores.firestore import FirestoreStore

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(firestore_server(folder=folder))
        os.environ["FIRESTORE_EMULATOR_HOST"] = server.address
        double = subprocess.Popen(
            [sys.executable, "-m", "tests.labeling.vendors.scale.double"],
            stdout=subprocess.PIPE,
            text=True,
        )
        stack.callback(double.kill)
        assert double.stdout
        scale = ScaleDouble(double.stdout.readline().strip())
        (folder / "template.yaml").write_text(TEMPLATE)
        environment = scale_settings(
            "firestore://benchmark",
            scale.url,
            "http://127.0.0.1:9",
            LABELING_TEMPLATE=str(folder / "template.yaml"),
        )
        store = FirestoreStore("benchmark", "(default)")
        yield Setting(store, scale, environment, folder)
        store.close()


def dispatch_speed(given: Setting, images: int = 3000) -> None:
    with function("request_labeling", given.environment, given.folder) as running:
        deliver_all(running.url, [event(number) for number in range(10**6, 10**6 + 300)])  # Warm.
        before = cpu_seconds(running.watchdog.pid)
        began = time.perf_counter()
        waits = deliver_all(running.url, [event(number) for number in range(images)])
        seconds = time.perf_counter() - began
        cpu = (cpu_seconds(running.watchdog.pid) - before) / images * 1000
    p50, p95 = (sorted(waits)[int(len(waits) * share)] * 1000 for share in (0.5, 0.95))
    print(
        f"dispatch: {images} events, {AT_ONCE} at once: {images / seconds:.0f}/s, "
        f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, {cpu:.1f} CPU ms each in the function\n"
    )


def storm(given: Setting, images: int, deliveries: int) -> None:
    """Everything several times, at once, on a vendor that fails and a function that dies."""
    given.scale.fail(Failure("status", status=500, on="POST task", times=10**9, probability=0.05))
    # About six boundaries a delivery: 2 % of the deliveries of new images die.
    environment = given.environment | {
        "DIE_PROBABILITY": str(0.02 / 6),
        "LABELING_LEASE_SECONDS": "3",
        "WORKERS": "2",
    }
    events = [event(number) for number in range(images)] * deliveries
    random.Random(1).shuffle(events)
    outcomes: Counter[str] = Counter()
    began = time.perf_counter()
    with function("request_labeling", environment, given.folder, DYING_MAIN) as running:
        left = events
        while left:
            results = each(lambda one: outcome_of(running.url, one), left)
            outcomes.update(results)
            left = [one for one, result in zip(left, results, strict=True) if result != "200"]
            time.sleep(0.5 if left else 0)
    seconds = time.perf_counter() - began
    tasks = given.scale.tasks()
    made = Counter(task["unique_id"] for task in tasks)
    wanted = {image_id(f"images/{name_of(number)}") for number in range(images)}
    dispatched = {stored.id for stored in given.store.find(Query("tasks", {"state": "dispatched"}))}
    print(
        f"storm: {images} images x {deliveries} deliveries, {AT_ONCE} at once, {seconds:.0f} s; "
        f"answers {dict(outcomes)} (died: no answer)\n"
        f"  vendor tasks {len(tasks)}, lost {len(wanted - dispatched)}, "
        f"double {sum(number - 1 for number in made.values())}\n"
    )


def callbacks(given: Setting, images: int, each: int) -> None:
    """10 % repeated, 5 % out of order, 2 % invalid."""
    dice = random.Random(2)
    with function("request_labeling", given.environment, given.folder) as running:
        deliver_all(running.url, [event(number) for number in range(images)])
    sent, newest, valid = [], {}, Counter()
    for turn in range(each):
        for number in range(images):
            image, box = image_id(f"images/{name_of(number)}"), (turn, number % 400)
            invalid = (turn * 7 + number) % 50 == 0
            sent.append(callback(image, box, turn, invalid=invalid))
            if not invalid:
                newest[image] = box
                valid[image] += 1
    unique = len(sent)
    sent += dice.sample(sent, unique // 10)  # Anywhere later: repeated.
    for _ in range(unique // 20):  # An answer changes places with one that is up to a turn away.
        place = dice.randrange(unique - images)
        other = place + images
        sent[place], sent[other] = sent[other], sent[place]
    with function("receive_annotation", given.environment, given.folder) as running:
        began = time.perf_counter()
        statuses = Counter(each_status(running.url, sent))
        seconds = time.perf_counter() - began
    right = 0
    for stored in given.store.find(Query("annotations")):
        box = stored.document["objects"][0]["box"]
        same = (int(box["x"]), int(box["y"])) == newest[stored.id]
        right += same and stored.document["revision"] == valid[stored.id]
    kept = given.store.count(Query("quarantine", {"part_of": None}))
    print(
        f"callbacks: {unique} and {len(sent) - unique} repeats in {seconds:.0f} s "
        f"({len(sent) / seconds:.0f}/s), statuses {dict(statuses)}\n"
        f"  annotations right, with the right revision: {right} of {images}; answers "
        f"{given.store.count(Query('answers'))} of {sum(valid.values())}; quarantine {kept} of "
        f"{unique // 50}\n"
    )


def attacks(given: Setting, requests: int) -> None:
    """Fuzzed, forged, oversized and replayed: nothing may change, nothing may fail unhandled."""
    dice = random.Random(3)
    environment = given.environment | {"LABELING_MAX_CALLBACK_MB": "0.05"}
    with function("request_labeling", environment, given.folder) as running:
        deliver_all(running.url, [event(number) for number in range(20)])
    genuine = [
        callback(image_id(f"images/{name_of(number)}"), (1, 1), 1, invalid=False)
        for number in range(20)
    ]
    with function("receive_annotation", environment, given.folder) as running:
        each_status(running.url, genuine)
        before = state_of(given.store)
        statuses = Counter(
            each_status(running.url, [forged(dice, genuine) for _ in range(requests)])
        )
        after = state_of(given.store)
        log = running.log.read_text()
    changed = sum(before.get(name) != after.get(name) for name in before | after)
    print(
        f"attacks: {requests} requests, statuses {dict(sorted(statuses.items()))}, documents "
        f"changed {changed}, tracebacks in the log {log.count('Traceback')}\n"
    )


def state_of(store: Store) -> dict[str, Any]:
    return {
        f"{collection}/{stored.id}": stored.document
        for collection in ("annotations", "answers", "tasks")
        for stored in store.find(Query(collection))
    }


def cpu_seconds(root: int) -> float:
    """Return the CPU seconds of a process and all below it, from /proc (Linux)."""
    parents, seconds = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except FileNotFoundError:  # Ended meanwhile.
            continue
        process = int(stat.parent.name)
        parents[process] = int(fields[1])
        seconds[process] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    total, level = 0.0, {root}
    while level:
        total += sum(seconds.get(process, 0.0) for process in level)
        level = {process for process, parent in parents.items() if parent in level}
    return total
