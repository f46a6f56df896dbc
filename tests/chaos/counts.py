"""How often a test breaks things: seldom in `make test`, often in `make chaos`."""

import os
from collections.abc import Sequence
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


def some(moments: Sequence[Any]) -> list[Any]:
    """Return parameters of which `make test` tries every third, and `make chaos` the others."""
    return [
        pytest.param(moment, marks=pytest.mark.chaos if place % 3 else ())
        for place, moment in enumerate(moments)
    ]
