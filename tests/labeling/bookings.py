"""Budgets, and the tasks that were booked on them."""

from datetime import UTC, datetime, timedelta
from itertools import count

from vidset.labeling.budget import Booking, Budget
from vidset.labeling.limits import parse_limits
from vidset.labeling.stores.store import Write
from vidset.labeling.task import Image, Task

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
