import pytest

from vidset.labeling.dispatching import dispatch
from tests.labeling.brokers import broker, image


@pytest.fixture
def works(store, vendor, clock):
    """A broker with one dispatched task."""
    works = broker(store, vendor, clock)
    dispatch(works, image())
    clock.pass_by(minutes=5)
    return works
