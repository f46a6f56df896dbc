import pytest

from tests.labeling.brokers import broker, image
from vidset.labeling.dispatching import dispatch


@pytest.fixture
def works(store, vendor, clock):
    """A broker with one dispatched task."""
    works = broker(store, vendor, clock)
    dispatch(works, image())
    clock.pass_by(minutes=5)
    return works
