import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import labeling
from labeling.budget import Booking, Budget
from labeling.limits import parse_limits
from labeling.store import Query, Write
from labeling.store_sqlite import SqliteStore
from labeling.task import Image, Task

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TODAY, TOMORROW = "2026-03-01", "2026-03-02"
NUMBERS = count()


def budget(store, limits: str, price: float = 0.0) -> Budget:
    return Budget(store, parse_limits(limits), price)


def document(booking: Booking | None) -> dict:
    task = Task.requested(Image("i", "gs://images/i.jpg"), "scale", NOON)
    if booking:
        task = task.changed(booked_on=booking.day, cost=booking.cost)
    return task.to_document()


def write(store, *bookings: Booking) -> None:
    store.commit([Write("tasks", f"t{next(NUMBERS)}", document(booking)) for booking in bookings])


def book_all(of: Budget, now: datetime = NOON) -> list[Booking]:
    """Until there is none left."""
    bookings = []
    while (booking := of.book(now)) is not None:
        bookings.append(booking)
        assert len(bookings) <= 10_000
    return bookings


def test_without_limits_everything_is_booked_and_nothing_is_stored(store):
    unlimited = budget(store, "", 0.5)
    assert [unlimited.book(NOON) for _ in range(3)] == [Booking(TODAY, 0.5)] * 3
    assert unlimited.recount(NOON) is None
    unlimited.give_back(Booking(TODAY, 0.5))
    assert list(store.find(Query("state"))) == []


@pytest.mark.parametrize(
    ("limits", "price", "tasks"),
    [
        pytest.param("0 tasks", 0, 0, id="none"),
        pytest.param("1 task", 0, 1, id="one"),
        pytest.param("7 tasks/day", 0, 7, id="a day"),
        pytest.param("250 tasks", 0, 250, id="blocks of two"),
        pytest.param("9 tasks/day, 4 tasks", 0, 4, id="the smaller"),
        pytest.param("0.3 USD", 0.1, 3, id="0.1 x 3"),
        pytest.param("3.3 USD/day", 1.1, 3, id="1.1 x 3"),
        pytest.param("0.29 USD", 0.1, 2, id="not quite three"),
        pytest.param("7 USD", 0.07, 100, id="0.07 x 100"),
        pytest.param("100 tasks, 2.1 USD/day", 0.7, 3, id="tasks and money"),
        pytest.param("0.05 USD", 0.1, 0, id="less than one costs"),
        pytest.param("0.000003 USD", 0.000001, 3, id="smallest price"),
        pytest.param("100 USD", 0.333333, 300, id="a third"),
    ],
)
def test_as_much_is_booked_as_every_limit_allows(store, limits, price, tasks):
    bookings = book_all(budget(store, limits, price))
    assert [(booking.day, booking.cost) for booking in bookings] == [(TODAY, price)] * tasks
    write(store, *bookings)
    assert budget(store, limits, price).book(NOON) is None
    later = NOON + 11 * MINUTE
    spending = budget(store, limits, price).recount(later)
    assert spending.all_tasks == spending.day_tasks == tasks
    assert spending.all_cost == spending.day_cost == pytest.approx(price * tasks, abs=5e-7)
    assert budget(store, limits, price).book(later) is None


def test_what_is_used_up_is_explained(store):
    explained = budget(store, "500 tasks/day, 100 USD", 0.1).explain()
    assert explained == "held back: the budget of 500 tasks/day, 100 USD is used up"


def test_a_new_day_has_its_own_budget_within_the_whole(store):
    used = budget(store, "3 tasks/day, 5 tasks")
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    assert [one.day for one in book_all(used, midnight - timedelta(microseconds=1))] == [TODAY] * 3
    assert [one.day for one in book_all(used, midnight)] == [TOMORROW] * 2
    assert used.book(midnight + timedelta(days=1)) is None


def test_what_a_day_left_is_not_booked_on_the_next(store):
    """Its block is open beyond midnight."""
    used = budget(store, "200 tasks/day")
    late = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
    assert used.book(late).day == TODAY
    bookings = book_all(used, late + MINUTE)
    assert [one.day for one in bookings] == [TOMORROW] * 200


def test_a_clock_that_lags_behind_does_not_book_yesterdays_budget_again(store):
    """Its tasks count for the day that others are in already."""
    late, early = datetime(2026, 3, 1, 23, 59, 50, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    ahead, behind = budget(store, "3 tasks/day"), budget(store, "3 tasks/day")
    assert len(book_all(ahead, late)) == 3
    first = ahead.book(early)
    bookings = book_all(behind, late)
    assert [one.day for one in [first, *bookings]] == [TOMORROW] * 3


def test_a_clock_that_lags_behind_uses_its_block_up(store):
    late, early = datetime(2026, 3, 1, 23, 59, 50, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    ahead, behind = budget(store, "600 tasks/day"), budget(store, "600 tasks/day")
    ahead.book(early)
    for _ in range(6):
        behind.book(late)
    [stored] = store.get(("state", "budget"))
    assert stored.document["day_tasks"] == 12


def test_a_block_is_a_hundredth_and_fifty_at_most(store):
    for limits, size in ("99 tasks", 1), ("500 tasks/day, 900 tasks", 5), ("1000000 tasks", 50):
        limited = budget(store, limits)
        before = store.get(("state", "budget"))[0]
        limited.book(NOON)
        after = store.get(("state", "budget"))[0]
        spent = before.document["all_tasks"] if before else 0
        assert after.document["all_tasks"] - spent == size


def test_what_a_crash_held_back_comes_back_when_its_block_is_closed(store):
    crashed, other = budget(store, "500 tasks"), budget(store, "500 tasks")
    write(store, crashed.book(NOON))
    del crashed
    bookings = book_all(other)
    assert len(bookings) == 495
    write(store, *bookings[:300])
    write(store, *bookings[300:])
    assert other.book(NOON) is None
    for minutes in 5, 10, 10.9:
        other.recount(NOON + minutes * MINUTE)
        assert other.book(NOON + minutes * MINUTE) is None
    closed = NOON + 11 * MINUTE
    assert other.recount(closed).all_tasks == 496
    assert len(book_all(other, closed)) == 4


def test_tasks_that_were_booked_before_there_was_a_limit_count(store):
    write(store, *[Booking(TODAY, 0.5)] * 3, Booking("2026-02-28", 0.5))
    store.commit([Write("tasks", "held", document(None))])
    assert len(book_all(budget(store, "5 tasks/day"))) == 2


def test_a_limit_that_was_lowered_allows_nothing_more(store):
    write(store, *book_all(budget(store, "5 tasks/day")))
    assert budget(store, "3 tasks/day").book(NOON) is None
    assert len(book_all(budget(store, "7 tasks/day"))) == 2


def test_what_is_given_back_is_booked_again(store):
    limited = budget(store, "2 tasks")
    first, second = limited.book(NOON), limited.book(NOON)
    assert limited.book(NOON) is None
    limited.give_back(None)
    assert limited.book(NOON) is None
    limited.give_back(second)
    assert limited.book(NOON) is not None
    assert limited.book(NOON) is None
    assert first is not None


def test_what_is_given_back_late_is_not_booked_twice(store):
    """Its block is closed: what it did not use is counted as free already."""
    limited, other = budget(store, "300 tasks"), budget(store, "300 tasks")
    late = limited.book(NOON)
    write(store, limited.book(NOON))
    after = NOON + 11 * MINUTE
    assert limited.book(after) is not None  # Of its second block.
    limited.recount(after)
    limited.give_back(late)
    left = len(book_all(limited, after)) + len(book_all(other, after))
    assert 1 + 1 + left == 300


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
from labeling.budget import Budget
from labeling.limits import parse_limits
from labeling.store import Write
from labeling.store_sqlite import SqliteStore
from labeling.task import Image, Task

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
            cwd=Path(labeling.__path__[0]).parent,
        )
        for number in range(4)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    booked = [int(process.communicate(timeout=120)[0]) for process in processes]
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
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
