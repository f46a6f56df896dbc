import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tests.engines.tasks import cannot_open, opened
from tests.paths import ROOT
from tests.watch.watchers import is_running
from vidset.engines.engine import Limits, TaskError, TaskLostError
from vidset.engines.processes import Processes, started_ahead


@pytest.fixture
def one():
    with Processes(1, opened) as processes:
        yield processes


def test_tasks_run_in_one_process_after_the_other(one):
    first, second = one.run("a"), one.run("b")
    assert first[0] == second[0] != os.getpid()
    assert (first[1], second[1]) == (1, 2)


def test_a_worker_tells_how_far_it_is(one):
    told = []
    one.run(("report", 1, "two"), told.append)
    assert told == [1, "two"]


def test_a_task_that_raises_ends_its_process_and_no_other_task(one):
    before = one.run("a")
    with pytest.raises(TaskError, match="ValueError: nonsense") as raised:
        one.run(("raise", "nonsense"))
    assert "Traceback" in raised.value.trace
    assert raised.value.is_passing
    after = one.run("b")
    assert after[0] != before[0]
    assert after[1] == 1


def test_a_full_disk_is_no_passing_error(one):
    with pytest.raises(TaskError, match="No space left") as raised:
        one.run(("full disk",))
    assert not raised.value.is_passing


def test_work_that_cannot_be_opened_is_an_error_of_the_task():
    processes = Processes(1, cannot_open)
    with processes, pytest.raises(TaskError, match="the store is away"):
        processes.run("a")


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_a_worker_that_dies_costs_its_own_task_alone(one, number):
    with pytest.raises(TaskLostError, match=number.name):
        one.run(("die", number))
    assert one.run("a")[1] == 1


def test_a_worker_whose_answer_is_garbled_costs_its_own_task_alone(one):
    with pytest.raises(TaskLostError, match=r"its answer cannot be read: .*0x94"):
        one.run(("garble",))
    assert one.run("a")[1] == 1


def test_a_task_that_takes_too_long_is_ended(tmp_path):
    processes = Processes(1, opened, Limits(seconds=1))
    with processes, pytest.raises(TaskLostError, match="took more than 1 s"):
        processes.run(("sleep", str(tmp_path / "asleep")))


def test_a_task_that_takes_too_long_is_ended_while_it_tells_what_it_does():
    processes = Processes(1, opened, Limits(seconds=1))
    with processes, pytest.raises(TaskLostError, match="took more than 1 s"):
        processes.run(("chatter",))


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="the system does not tell")
def test_a_task_that_takes_too_much_memory_is_ended():
    with Processes(1, opened, Limits(memory_bytes=200 << 20)) as processes:
        with pytest.raises(TaskLostError, match="took more than 210 MB of memory"):
            processes.run(("fill", 400))
        assert processes.run("a")[1] == 1


def test_the_end_takes_what_is_running_along(one, tmp_path):
    asleep, errors = tmp_path / "asleep", []

    def run() -> None:
        with pytest.raises(TaskError, match="told to end") as raised:
            one.run(("sleep", str(asleep)))
        errors.append(raised.value)

    thread = threading.Thread(target=run)
    thread.start()
    while not asleep.exists():
        time.sleep(0.01)
    one.end()
    thread.join()
    assert len(errors) == 1
    with pytest.raises(TaskError, match="told to end"):
        one.run("b")


def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    program = (
        "import sys; from tests.engines.tasks import opened\n"
        "from vidset.engines.processes import Processes\n"
        "processes = Processes(1, opened); print(processes.run('a')[0], flush=True)\n"
        "processes.run(('sleep', sys.argv[1]))"
    )
    asleep = tmp_path / "asleep"
    parent = subprocess.Popen(
        [sys.executable, "-c", program, asleep], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    while not asleep.exists():
        time.sleep(0.01)
    parent.kill()
    parent.wait()
    while is_running(pid):
        time.sleep(0.01)


def children() -> set[int]:
    found = psutil.Process().children(recursive=True)
    return {each.pid for each in found if "vidset.engines.child" in " ".join(each.cmdline())}


def test_a_process_that_was_started_ahead_does_the_first_task():
    before = children()
    with started_ahead("tests.engines.tasks"):
        (ahead,) = children() - before
        with Processes(2, opened) as processes:
            assert processes.run(("pid",)) == (ahead, 1)
            with ThreadPoolExecutor(2) as threads:
                pids = {pid for pid, _ in threads.map(processes.run, [("pid",), ("pid",)])}
            assert ahead in pids
    assert children() == before


def test_a_process_that_was_started_ahead_ends_with_the_block_that_needs_none():
    before = children()
    with started_ahead("tests.engines.tasks"):
        assert len(children() - before) == 1
    assert children() == before


def test_a_module_that_cannot_be_imported_is_the_task_s_error():
    with started_ahead("no.such.module"), Processes(1, opened) as processes:
        with pytest.raises(TaskError, match="No module named 'no'"):
            processes.run(("pid",))
        assert processes.run(("pid",))[1] == 1
