from collections.abc import Mapping
from typing import Any

import pytest

from infra.check.providers import ToolMissingError
from tests.emulators.environments import skip_or_fail
from tests.infra.applied import EVERYTHING, Applied, apply


def applied(variables: Mapping[str, Any]) -> Applied:
    """See `apply`; a missing tool skips the test, or fails it when VIDSET_REQUIRE_TOOLS=1."""
    try:
        return apply(variables)
    except ToolMissingError as missing:
        skip_or_fail(missing)


@pytest.fixture(scope="session")
def everything() -> Applied:
    """All that can be asked for."""
    return applied(EVERYTHING)


@pytest.fixture(scope="session")
def first() -> Applied:
    """The first apply in an empty project: nothing but its id is known."""
    return applied({})
