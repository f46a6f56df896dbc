"""A store of each kind: a test that takes `store` runs on both."""

import pytest


@pytest.fixture(
    params=[
        pytest.param("sqlite", id="sqlite"),
        pytest.param("firestore", id="firestore", marks=pytest.mark.emulator),
    ]
)
def store(request, tmp_path):
    if request.param == "sqlite":
        from labeling.store_sqlite import SqliteStore

        opened = SqliteStore(str(tmp_path / "labels.sqlite"))
    else:
        firestore = request.getfixturevalue("firestore")
        from labeling.store_firestore import FirestoreStore

        opened = FirestoreStore(firestore.project, "(default)")
    yield opened
    opened.close()
