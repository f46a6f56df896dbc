"""Several who book on one budget: threads, processes, and whatever can happen to them."""

import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.labeling.bookings import MINUTE, NOON, NUMBERS, TODAY, book_all, budget, document
from vidset import labeling
from vidset.labeling.budget import Booking, Budget
from vidset.labeling.limits import parse_limits
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.labeling.stores.store import Query, Write


def test_several_threads_book_no_more_than_the_limit(store):
    shared = [budget(store, "37 tasks/day") for _ in range(2)]
    with ThreadPoolExecutor(8) as threads:
        bookings = list(threads.map(lambda number: shared[number % 2].book(NOON), range(80)))
    assert Counter(booking is not None for booking in bookings) == {True: 37, False: 43}


BOOKS = """
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, UTC
from vidset.labeling.budget import Budget
from vidset.labeling.limits import parse_limits
from vidset.labeling.stores.store import Write
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.labeling.task import Image, Task

path, name = sys.argv[1:]
store, now = SqliteStore(path), datetime(2026, 3, 1, 12, tzinfo=UTC)
budget = Budget(store, parse_limits("400 tasks/day, 40 USD"), 0.1)
print("ready", flush=True)
sys.stdin.readline()

def work(thread):
    booked = 0
    while booking := budget.book(now):
        task = Task.requested(Image("i", "gs://images/i.jpg"), "scale", now)
        task = task.changed(booked_on=booking.day, cost=booking.cost)
        store.commit([Write("tasks", f"{name}-{thread}-{booked}", task.to_document())])
        booked += 1
        time.sleep(0.01)  # As a vendor takes its time: so the others have their turn.
        if booked % 20 == 0:
            budget.recount(now)
    return booked

with ThreadPoolExecutor(2) as threads:
    print(sum(threads.map(work, range(2))))
"""


@pytest.mark.slow
def test_several_processes_book_no_more_than_the_limit(tmp_path):
    path = tmp_path / "labels.sqlite"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", BOOKS, str(path), f"p{number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(labeling.__path__[0]).parents[1],
        )
        for number in range(4)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    booked = [int(process.communicate(timeout=600)[0]) for process in processes]
    store = SqliteStore(path)
    tasks = store.count(Query("tasks", {"booked_on": TODAY}))
    assert sum(booked) == tasks <= 400
    assert sum(1 for number in booked if number) >= 2
    after = NOON + 11 * MINUTE
    last = budget(store, "400 tasks/day, 40 USD", 0.1)
    assert last.recount(after).day_tasks == tasks
    assert tasks + len(book_all(last, after)) == 400
    store.close()


class SmallBlocks(Budget):
    def _block_size(self) -> int:
        return 3


LIMITS = [
    ("7 tasks/day, 20 tasks", 0.0),
    ("10 tasks", 0.0),
    ("0.7 USD/day, 1.9 USD", 0.1),
    ("5 tasks/day, 3.3 USD", 0.3),
]


class Spending(RuleBasedStateMachine):
    """Three processes, whose clocks differ, with all that can happen to them."""

    @initialize(
        limits=st.sampled_from(LIMITS),
        skews=st.tuples(*[st.integers(-10, 10)] * 3),
        start=st.sampled_from([(23, 45, 0), (23, 59, 55)]),
    )
    def start(self, limits, skews, start):
        self.folder = tempfile.TemporaryDirectory()
        self.store = SqliteStore(Path(self.folder.name) / "labels.sqlite")
        self.limits, self.price = parse_limits(limits[0]), limits[1]
        self.skews = [timedelta(seconds=seconds) for seconds in skews]
        self.now = datetime(2026, 3, 1, *start, tzinfo=UTC)
        self.budgets = [self.open() for _ in range(3)]
        # By process: bookings that no task has yet.
        self.open_bookings: list[list[Booking]] = [[], [], []]
        # By task: whose booking it has.
        self.tasks: dict[str, tuple[int, Booking]] = {}

    def open(self) -> Budget:
        return SmallBlocks(self.store, self.limits, self.price)

    def clock(self, process: int) -> datetime:
        return self.now + self.skews[process]

    @rule(process=st.integers(0, 2), times=st.integers(1, 8))
    def book(self, process, times):
        for _ in range(times):
            booking = self.budgets[process].book(self.clock(process))
            if booking:
                self.open_bookings[process].append(booking)

    @rule(process=st.integers(0, 2))
    def use_up(self, process):
        self.open_bookings[process] += book_all(self.budgets[process], self.clock(process))

    @rule(process=st.integers(0, 2))
    def write(self, process):
        for booking in self.open_bookings[process]:
            name = f"t{len(self.tasks)}-{next(NUMBERS)}"
            self.store.commit([Write("tasks", name, document(booking))])
            self.tasks[name] = process, booking
        self.open_bookings[process] = []

    @rule(process=st.integers(0, 2))
    def give_back(self, process):
        """Somebody else has made the task."""
        if self.open_bookings[process]:
            self.budgets[process].give_back(self.open_bookings[process].pop())

    @rule(data=st.data())
    def refuse(self, data):
        """The vendor does not take the task, at whatever time."""
        if self.tasks:
            name = data.draw(st.sampled_from(sorted(self.tasks)))
            process, booking = self.tasks.pop(name)
            [stored] = self.store.get(("tasks", name))
            self.store.commit([Write("tasks", name, document(None), stored.version)])
            self.budgets[process].give_back(booking)

    @rule(process=st.integers(0, 2))
    def recount(self, process):
        self.budgets[process].recount(self.clock(process))

    @rule(process=st.integers(0, 2))
    def crash(self, process):
        self.open_bookings[process] = []
        kept = {name: of for name, of in self.tasks.items() if of[0] != process}
        gone = {name: (process, Booking(of[1].day, of[1].cost, -1))
                for name, of in self.tasks.items() if of[0] == process}  # fmt: skip
        self.tasks = kept | gone
        self.budgets[process] = self.open()

    @rule(seconds=st.sampled_from([5, 280, 290, 600, 640, 690, 40_000, 86_400]))
    def pass_by(self, seconds):
        if seconds > 5:  # A booking is written soon, or never.
            for process in range(3):
                self.write(process)
        self.now += timedelta(seconds=seconds)
        if seconds == 5:
            for process in range(3):
                self.write(process)

    def booked(self) -> Counter[str]:
        written = Counter(booking.day for _, booking in self.tasks.values())
        return written + Counter(one.day for some in self.open_bookings for one in some)

    def left(self, day: str) -> int:
        """How many tasks all limits still allow, in whole millionths."""
        booked, price = self.booked(), round(self.price * 1e6)
        allowed = []
        for limit in self.limits:
            spent = booked[day] if limit.per_day else booked.total()
            if limit.unit == "tasks":
                allowed.append(int(limit.amount) - spent)
            else:
                allowed.append((round(limit.amount * 1e6) - spent * price) // price)
        return min(allowed)

    @invariant()
    def no_more_is_booked_than_the_limits_allow(self):
        if hasattr(self, "limits"):
            for day in [*self.booked(), "another day"]:
                assert self.left(day) >= 0, (day, self.booked())

    def teardown(self):
        """Whatever happened: what was not spent can be booked once all blocks are closed."""
        if not hasattr(self, "limits"):
            return
        for process in range(3):
            self.write(process)
        self.now += 12 * MINUTE
        last = self.open()
        last.recount(self.now)
        wanted = self.left(self.now.date().isoformat())
        assert len(book_all(last, self.now)) == wanted
        self.store.close()
        self.folder.cleanup()


TestSpending = pytest.mark.slow(Spending.TestCase)
TestSpending.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    suppress_health_check=[HealthCheck.too_slow],
)
