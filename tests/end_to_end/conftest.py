"""A store of labels in the Firestore emulator, and the warehouses that it is exported to."""

import pytest

from tests.end_to_end.exports import InBigquery, InParquet
from vidset.labeling.stores.firestore import FirestoreStore


@pytest.fixture
def store(firestore):
    store = FirestoreStore(firestore.project, "(default)")
    yield store
    store.close()


@pytest.fixture(params=["bigquery", "parquet"])
def warehouse(request, firestore, tmp_path):
    if request.param == "parquet":
        return InParquet(firestore.project, tmp_path)
    return InBigquery(request.getfixturevalue("bigquery"), firestore.project, tmp_path)
