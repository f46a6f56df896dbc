import pytest

from vidset.storage.uris import open_ledger
from tests.vidset.plan.ledgers import EVERY, SOME


@pytest.fixture
def ledger(tmp_path):
    """Of `SOME` and `EVERY`."""
    place = tmp_path / "out"
    open_ledger(str(place)).commit([SOME, EVERY])
    return place
