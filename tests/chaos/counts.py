"""How often a test breaks things: seldom in `make test`, often in `make chaos`."""

import pytest

_HOURS = 6 * 3600


def times(few: int, many: int) -> pytest.MarkDecorator:
    """Run a test with `count` few times, and in `make chaos` many times."""
    chaos = [pytest.mark.chaos, pytest.mark.timeout(_HOURS)]
    return pytest.mark.parametrize(
        "count", [pytest.param(few, id="few"), pytest.param(many, marks=chaos, id="many")]
    )
