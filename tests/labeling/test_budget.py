from datetime import UTC, datetime, timedelta

import pytest

from tests.labeling.bookings import MINUTE, NOON, TODAY, TOMORROW, book_all, budget, document, write
from vidset.labeling.budget import Booking
from vidset.labeling.stores.store import Query, Write


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
