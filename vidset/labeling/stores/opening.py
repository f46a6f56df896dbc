"""Uris to stores. Each client is imported when it is used.

The worker image opens stores, too, and has none of the vendors' libraries: nothing here needs them.
"""

from vidset.labeling.stores.store import Store
from vidset.storage.registry import check_client


def open_store(uri: str) -> Store:
    """Open `firestore://PROJECT[/DATABASE]` or `sqlite:PATH`.

    Raises:
        ValueError: the uri is of another kind, or its client is not installed.
    """
    scheme, _, rest = uri.partition(":")
    if scheme == "sqlite" and rest:
        from vidset.labeling.stores.sqlite import SqliteStore

        return SqliteStore(rest)
    project, _, database = rest.removeprefix("//").partition("/")
    if scheme == "firestore" and rest.startswith("//") and project:
        check_client(uri)
        from vidset.labeling.stores.firestore import FirestoreStore

        return FirestoreStore(project, database or "(default)")
    raise ValueError(f"wanted firestore://PROJECT[/DATABASE] or sqlite:PATH, got {uri!r}")
