"""The budget: how many tasks may still go to a vendor, today and in all.

`state/budget` counts what was set aside, never less than what was spent. A process sets aside a
block of units at once, because a document takes only about one write a second, and uses them up
within ten minutes. What it did not use comes back when `recount` counts the tasks themselves. So
a crash can hold a few tasks back for a while, and nothing can overspend.
"""

import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from vidset.labeling.limits import Limit
from vidset.labeling.stores.store import ConflictError, Key, Query, Store, Write
from vidset.labeling.timestamps import parse_timestamp

_KEY: Key = ("state", "budget")
_BLOCK_LIFETIME = timedelta(minutes=10)
# A booking is written to its task within this time.
_GRACE = timedelta(minutes=1)
_MAX_BLOCK = 50


@dataclass(frozen=True, slots=True)
class Booking:
    """One unit of the budget of `day` (UTC), which a task is booked with.

    Attributes:
        block: which of the process's blocks it is of; 0 without limits.
    """

    day: str
    cost: float
    block: int = 0


@dataclass(frozen=True, slots=True)
class Spending:
    """`state/budget`. `blocks`: units set aside and perhaps not used yet."""

    day: str
    day_tasks: int
    day_cost: float
    all_tasks: int
    all_cost: float
    blocks: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def from_document(cls, document: Mapping[str, Any] | None, day: str) -> "Spending":
        """Returns the budget as it is on `day`: yesterday's spending is no longer the day's."""
        if document is None:
            return cls(day, 0, 0.0, 0, 0.0)
        values = {name: document[name] for name in cls.__slots__}
        values["blocks"] = tuple(document["blocks"])
        if document["day"] < day:  # A clock that lags behind does not turn the day back.
            values |= {"day": day, "day_tasks": 0, "day_cost": 0.0}
        return cls(**values)

    def to_document(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {"blocks": [dict(block) for block in self.blocks]}

    def left(self, limit: Limit, price: float) -> int:
        """Returns how many tasks `limit` still allows."""
        if limit.unit == "tasks":
            spent = self.day_tasks if limit.per_day else self.all_tasks
            return int(limit.amount) - spent
        spent = self.day_cost if limit.per_day else self.all_cost
        return (_millionths(limit.amount) - _millionths(spent)) // _millionths(price)

    def set_aside(self, tasks: int, price: float, now: datetime) -> "Spending":
        cost = round(tasks * price, 6)
        until = now + _BLOCK_LIFETIME
        block = {"day": self.day, "tasks": tasks, "cost": cost, "until": until}
        return Spending(
            day=self.day,
            day_tasks=self.day_tasks + tasks,
            day_cost=round(self.day_cost + cost, 6),
            all_tasks=self.all_tasks + tasks,
            all_cost=round(self.all_cost + cost, 6),
            blocks=(*self._open_blocks(now), block),
        )

    def _open_blocks(self, now: datetime) -> tuple[Mapping[str, Any], ...]:
        return tuple(b for b in self.blocks if parse_timestamp(b["until"]) + _GRACE > now)

    def recounted(self, counted: "Spending", now: datetime) -> "Spending":
        """Returns what the tasks say, and the blocks that may still be used."""
        blocks = self._open_blocks(now)
        today = [block for block in blocks if block["day"] == self.day]
        return Spending(
            day=self.day,
            day_tasks=counted.day_tasks + sum(block["tasks"] for block in today),
            day_cost=round(counted.day_cost + sum(block["cost"] for block in today), 6),
            all_tasks=counted.all_tasks + sum(block["tasks"] for block in blocks),
            all_cost=round(counted.all_cost + sum(block["cost"] for block in blocks), 6),
            blocks=blocks,
        )


def _millionths(amount: float) -> int:
    """Sums of cents are not exact as floats. Prices and limits have at most 6 decimals."""
    return round(amount * 1e6)


class Budget:
    """Books tasks within the limits; safe for threads and processes."""

    def __init__(self, store: Store, limits: tuple[Limit, ...], price: float):
        self._store, self._limits, self._price = store, limits, price
        self._lock = threading.Lock()
        # The block: its number, the day that it is of, until when it may be used; its tasks.
        self._block, self._day, self._until = 0, "", datetime.min
        self._left = 0

    def book(self, now: datetime) -> Booking | None:
        """A unit, or None: the budget is used up."""
        day = now.date().isoformat()
        if not self._limits:
            return Booking(day, self._price)
        with self._lock:
            # A block may be of a later day: then others' clocks are ahead of this one.
            if not (self._left and self._day >= day and now.replace(tzinfo=None) < self._until):
                spent_on, tasks = self._set_aside(day, now)
                if not tasks:
                    return None
                self._block, self._day = self._block + 1, spent_on
                self._left = tasks
                self._until = now.replace(tzinfo=None) + _BLOCK_LIFETIME
            self._left -= 1
            return Booking(self._day, self._price, self._block)

    def give_back(self, booking: Booking | None) -> None:
        """Gives back what no task was booked with after all.

        Only into the block that it came from: what other blocks did not use, `recount` gives
        back, and nobody may use it twice.
        """
        if booking and self._limits:
            with self._lock:
                if booking.block == self._block:
                    self._left += 1

    def recount(self, now: datetime) -> Spending | None:
        """Count the tasks; None without limits."""
        if not self._limits:
            return None
        day = now.date().isoformat()
        while True:
            [stored] = self._store.get(_KEY)
            known = Spending.from_document(stored and stored.document, day)
            spending = known.recounted(self._counted(known.day), now)
            if self._store_spending(spending, stored and stored.version):
                return spending

    def explain(self) -> str:
        return f"held back: the budget of {', '.join(map(str, self._limits))} is used up"

    def _set_aside(self, day: str, now: datetime) -> tuple[str, int]:
        """Returns whose day it is, and how many tasks."""
        while True:
            [stored] = self._store.get(_KEY)
            if stored is None:  # Tasks may have been booked before there were limits.
                spending = self._counted(day)
            else:
                spending = Spending.from_document(stored.document, day)
            left = min(spending.left(limit, self._price) for limit in self._limits)
            tasks = min(self._block_size(), left)
            if tasks <= 0:
                return spending.day, 0
            spending = spending.set_aside(tasks, self._price, now)
            if self._store_spending(spending, stored and stored.version):
                return spending.day, tasks

    def _block_size(self) -> int:
        """A hundredth of the smallest limit: that much may be held back by a crash."""
        empty = Spending("", 0, 0.0, 0, 0.0)
        smallest = min(empty.left(limit, self._price) for limit in self._limits)
        return max(1, min(_MAX_BLOCK, smallest // 100))

    def _store_spending(self, spending: Spending, version: Any) -> bool:
        try:
            self._store.commit([Write(*_KEY, spending.to_document(), version)])
        except ConflictError:
            time.sleep(random.uniform(0.001, 0.05))  # noqa: S311 (no secret)
            return False
        return True

    def _counted(self, day: str) -> Spending:
        today = Query("tasks", {"booked_on": day})
        unbooked = self._store.count(Query("tasks", {"booked_on": None}))
        return Spending(
            day=day,
            day_tasks=self._store.count(today),
            day_cost=self._store.total(today, "cost"),
            all_tasks=self._store.count(Query("tasks")) - unbooked,
            all_cost=self._store.total(Query("tasks"), "cost"),
        )
