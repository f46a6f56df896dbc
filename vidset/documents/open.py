"""Open the store of tasks and annotations that a uri names."""

import os

from vidset.documents.documents import Documents
from vidset.storage.registry import check_client


def open_documents(uri: str) -> Documents:
    """`firestore://PROJECT[/DATABASE]`, or `sqlite:PATH`.

    Raises:
        ValueError: the uri is of another kind, its client is not installed, or there is no store.
    """
    scheme, _, rest = uri.partition(":")
    if scheme == "sqlite" and rest:
        from vidset.documents.sqlite import SqliteDocuments

        return SqliteDocuments(os.path.abspath(os.path.expanduser(rest)))
    project, _, database = rest.removeprefix("//").partition("/")
    if scheme == "firestore" and rest.startswith("//") and project:
        check_client(uri)
        from vidset.documents.firestore import FirestoreDocuments

        return FirestoreDocuments(project, database or "(default)")
    raise ValueError(f"wanted firestore://PROJECT[/DATABASE] or sqlite:PATH, got {uri!r}")
