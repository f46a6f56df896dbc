import pytest

from tests.plan.ledgers import EVERY, SOME
from vidset.ledger.open import open_ledger


@pytest.fixture
def ledger(tmp_path):
    """Of `SOME` and `EVERY`."""
    place = tmp_path / "out"
    open_ledger(str(place)).commit([SOME, EVERY])
    return place
