from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.check.providers import ToolMissingError
from tests.emulators.environments import skip_or_fail
from tests.infra.applied import (
    EVERYTHING,
    INFRA,
    ON_CLOUD_RUN,
    WITH_GATE,
    Applied,
    Outcome,
    apply,
    apply_each,
)
from tests.infra.once import shared_folder


def applied(variables: Mapping[str, Any], shared: Path) -> Applied:
    """See `apply`; a missing tool skips the test, or fails it when VIDSET_REQUIRE_TOOLS=1."""
    try:
        return apply(variables, shared)
    except ToolMissingError as missing:
        skip_or_fail(missing)


def applied_each(cases: Mapping[str, Mapping[str, Any]], shared: Path) -> dict[str, Outcome]:
    """See `apply_each`, and `applied` for a missing tool."""
    try:
        return apply_each(cases, shared)
    except ToolMissingError as missing:
        skip_or_fail(missing)


@pytest.fixture(scope="session")
def infra() -> Path:
    """The code. The tests of test_mistakes.py give the tests that take it a changed copy."""
    return INFRA


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Path:
    """Where this run's processes find what one of them has done."""
    return shared_folder(tmp_path_factory)


@pytest.fixture(scope="session")
def everything(shared) -> Applied:
    """All that can be asked for."""
    return applied(EVERYTHING, shared)


@pytest.fixture(scope="session")
def on_cloud_run(shared) -> Applied:
    """The same, with the jobs on Cloud Run."""
    return applied(ON_CLOUD_RUN, shared)


@pytest.fixture(scope="session")
def with_gate(shared) -> Applied:
    """All that can be asked for, with blurred copies in the images' stead."""
    return applied(WITH_GATE, shared)


@pytest.fixture(scope="session")
def first(shared) -> Applied:
    """The first apply in an empty project: nothing but its id is known."""
    return applied({}, shared)
