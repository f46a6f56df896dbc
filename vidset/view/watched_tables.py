"""Follows the tables of a BigQuery dataset: what has changed is taken, at little cost."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from vidset.warehouse.bigquery_refusals import BigqueryAwayError
from vidset.warehouse.bigquery_tables import DatasetTables, TableState

Step = Callable[[TableState | None, TableState], bool]


@dataclass(frozen=True, slots=True)
class Pace:
    """The seconds between two looks at a table.

    Attributes:
        poll_seconds: between two questions whether it has changed, which are free.
        paid_seconds: after rows of it were queried, which is paid for.
    """

    poll_seconds: float = 10.0
    paid_seconds: float = 60.0


PACE = Pace()
_AWAY = ""


class WatchedTables:
    """Tells which tables have changed, and asks no more often than it should.

    Attributes:
        problems: what could not be read, by the table; it is tried again.
    """

    def __init__(self, dataset: DatasetTables, pace: Pace = PACE):
        self.dataset = dataset
        self.problems: dict[str, str] = {}
        self._pace, self._away_until = pace, 0.0
        self._taken: dict[str, TableState] = {}
        self._due: dict[str, float] = {}

    def take(self, table: str, step: Step) -> bool:
        """Do a step if a table has changed; returns whether it has.

        Args:
            step: gets the state that was taken before, and the new one; returns whether it has
                queried rows.
        """
        if time.monotonic() < max(self._due.get(table, 0.0), self._away_until):
            return False
        rest = self._pace.poll_seconds
        try:
            state, before = self.dataset.state(table), self._taken.get(table)
            if state != before:
                rest = self._pace.paid_seconds if step(before, state) else rest
                self._taken[table] = state
            self.problems.pop(table, None)
            self.problems.pop(_AWAY, None)
            return state != before
        except BigqueryAwayError as error:  # The other tables need not wait for it as well.
            self.problems[_AWAY] = str(error)
            self._away_until = time.monotonic() + self._pace.poll_seconds
            return False
        except (ValueError, pa.ArrowInvalid) as error:
            self.problems[table] = str(error)
            return False
        finally:
            self._due[table] = time.monotonic() + rest
