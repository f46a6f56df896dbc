"""How often a test breaks things: seldom in `make test`, often in `make chaos`."""

import os
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import pytest

_HOURS = 6 * 3600
_PERCENT = float(os.environ.get("VIDSET_CHAOS_PERCENT", "100"))


def times(few: int, many: int) -> pytest.MarkDecorator:
    """Run a test with `count` few times, and in `make chaos` many times.

    VIDSET_CHAOS_PERCENT=5 makes that 5 % of many, for whoever has less than an hour.
    """
    chaos = [pytest.mark.chaos, pytest.mark.timeout(_HOURS)]
    some = max(few, round(many * _PERCENT / 100))
    return pytest.mark.parametrize(
        "count", [pytest.param(few, id="few"), pytest.param(some, marks=chaos, id="many")]
    )


def some(moments: Sequence[Any], one_of: int = 3) -> list[Any]:
    """Return parameters of which `make test` tries one of so many, and `make chaos` the others."""
    return [
        pytest.param(moment, marks=pytest.mark.chaos if place % one_of else ())
        for place, moment in enumerate(moments)
    ]


def but(alike: Collection[str], names: Iterable[str]) -> list[Any]:
    """Return parameters that `make test` tries but for those like others: `make chaos` has these.

    Raises:
        AssertionError: one is told alike that is none of the names.
    """
    names = list(names)
    assert set(alike) <= set(names), f"of no test: {set(alike) - set(names)}"
    return [pytest.param(name, marks=pytest.mark.chaos if name in alike else ()) for name in names]
