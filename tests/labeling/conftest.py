"""What a broker is made of. The store is of each kind: a test that takes it runs on both."""

import pytest

from tests.labeling.brokers import Clock, SteeredVendor


@pytest.fixture(
    params=[
        pytest.param("sqlite", id="sqlite"),
        pytest.param("firestore", id="firestore", marks=pytest.mark.emulator),
    ]
)
def store(request, tmp_path):
    if request.param == "sqlite":
        from vidset.labeling.stores.sqlite import SqliteStore

        opened = SqliteStore(str(tmp_path / "labels.sqlite"))
    else:
        firestore = request.getfixturevalue("firestore")
        from vidset.labeling.stores.firestore import FirestoreStore

        opened = FirestoreStore(firestore.project, "(default)")
    yield opened
    opened.close()


@pytest.fixture
def vendor():
    return SteeredVendor()


@pytest.fixture
def clock():
    return Clock()
