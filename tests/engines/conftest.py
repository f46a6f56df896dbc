import pytest


@pytest.fixture(autouse=True)
def _workers_are_ready() -> None:
    """Not here: how workers start is tested."""
