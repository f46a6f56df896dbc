"""The budget of a plan: how many images it pays for."""

import math
from dataclasses import dataclass

from vidset.labeling.limits import Limit, parse_limits

DEFAULT_CURRENCY = "USD"
DEFAULT_PRICE = 0.08
"""The price of labeling one image, where nobody sets another."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The limit of what labeling may cost in all.

    Attributes:
        price: that of one image, > 0.
        amount: money for all images; None if there is no budget.
        currency: of both.
    """

    price: float
    amount: float | None = None
    currency: str = DEFAULT_CURRENCY

    def __post_init__(self) -> None:
        if not 0 < self.price < math.inf:
            raise ValueError(f"--price must be more than 0, got {self.price:g}")
        if self.amount is not None and not 0 < self.amount < math.inf:
            raise ValueError(f"--budget must be more than 0, got {self.amount:g}")

    @property
    def affordable(self) -> int | None:
        """Returns how many images the budget pays for."""
        return None if self.amount is None else int(self.amount / self.price + 1e-9)

    def cost(self, images: int) -> float:
        return round(images * self.price, 6)


def read_budget(price: float, text: str | None) -> Budget:
    """Read "500 USD" or "2000 tasks"; a list of limits gives the tightest that holds in all.

    Limits for each day say nothing about how many images can be labeled in all: they are left out.

    Raises:
        ValueError: the text is no budget, or the price is not more than 0.
    """
    if text is None:
        return Budget(price)
    try:
        limits = parse_limits(text)
    except ValueError as error:
        raise ValueError(f"--budget: {error}") from None
    currency = next((each.unit for each in limits if each.unit != "tasks"), DEFAULT_CURRENCY)
    amounts = [_amount(each, price) for each in limits if not each.per_day]
    return Budget(price, min(amounts, default=None), currency)


def _amount(limit: Limit, price: float) -> float:
    return limit.amount * price if limit.unit == "tasks" else limit.amount
