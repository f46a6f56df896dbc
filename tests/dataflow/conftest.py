import pytest

from tests.dataflow.bigquery_ledger import Cloud


@pytest.fixture
def cloud(bigquery) -> Cloud:
    return Cloud(bigquery)
