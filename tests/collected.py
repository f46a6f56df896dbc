"""What Python's garbage collector need not look at: all that has been collected and imported.

A worker of pytest holds millions of objects when it has collected the tests, and none of them goes
before its end. Python would search them for garbage again and again, while they come and after.
"""

import gc
from collections.abc import Iterator

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Iterator[None]:
    """Search for no garbage until everything is collected, nor in that ever after."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
