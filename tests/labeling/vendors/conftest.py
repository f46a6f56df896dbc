"""A double of Scale's API for the tests of a module, and a vendor that talks to it."""

import pytest

from tests.labeling.vendors.scale.double import scale_double
from tests.labeling.vendors.scale.vendors import open_vendor
from vidset.labeling.task import Image


@pytest.fixture(scope="module")
def running_double():
    with scale_double() as double:
        yield double


@pytest.fixture
def double(running_double):
    running_double.fail()
    return running_double


@pytest.fixture
def vendor(double):
    return open_vendor(double.url)


@pytest.fixture
def image(request):
    """An image of its own for each test."""
    return Image(f"id of {request.node.name}", f"gs://images/{request.node.name}.jpg")
