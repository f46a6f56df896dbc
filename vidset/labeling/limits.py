"""The budget's limits: `500 tasks/day, 20000 tasks, 100 USD/day`."""

import re
from dataclasses import dataclass

_LIMIT = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([A-Za-z]+)(/day)?")


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of `amount` of `unit`, each day (UTC) or in all. A unit is `tasks` or a currency."""

    amount: float
    unit: str
    per_day: bool

    def __str__(self) -> str:
        return f"{self.amount:.15g} {self.unit}{'/day' if self.per_day else ''}"


def parse_limits(text: str) -> tuple[Limit, ...]:
    """Parses a list with commas; an empty text has none.

    Raises:
        ValueError: not understood, a part of a task, two currencies, or two limits of one kind.
    """
    limits = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _LIMIT.fullmatch(part)
        if not match:
            raise ValueError(f"wanted limits such as 500 tasks/day, 100 USD, got {part!r}")
        unit = "tasks" if match[2].lower() in ("task", "tasks") else match[2].upper()
        amount = float(match[1])
        if unit == "tasks" and amount % 1:
            raise ValueError(f"wanted whole tasks, got {part!r}")
        limits.append(Limit(amount, unit, per_day=bool(match[3])))
    currencies = sorted({limit.unit for limit in limits} - {"tasks"})
    if len(currencies) > 1:
        raise ValueError(f"one currency, the price's, got {' and '.join(currencies)}")
    kinds = [(limit.unit, limit.per_day) for limit in limits]
    if len(set(kinds)) < len(kinds):
        raise ValueError(f"two limits of one kind in {text!r}")
    return tuple(limits)
