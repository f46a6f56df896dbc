"""Open the store that a place names. Open it in `DoFn.setup`: clients do not pickle."""

import threading

from vidset.storage.folder import FolderStore
from vidset.storage.registry import check_client, find_scheme
from vidset.storage.store import ObjectStore
from vidset.storage.uris import is_uri, parse_uri


def open_store(place: str) -> ObjectStore:
    """Open a folder, gs://bucket[/prefix], s3://bucket[/prefix], or a scheme that was added.

    Raises:
        ValueError: the scheme is unknown, or its client is not installed.
    """
    if not is_uri(place):
        return FolderStore(place)
    scheme = find_scheme(place)
    check_client(place)
    return scheme.open_store(parse_uri(place))


class Stores:
    """The stores of objects that are named by whole uris: each bucket is opened once.

    Several threads may use it.
    """

    def __init__(self) -> None:
        self._opened: dict[str, ObjectStore] = {}
        self._lock = threading.Lock()

    def find(self, uri: str) -> tuple[ObjectStore, str]:
        """The store that an object or file is in, and its name there.

        Raises:
            ValueError: the scheme is unknown, or its client is not installed.
        """
        if is_uri(uri):
            parsed = parse_uri(uri)
            root, name = parsed.root, parsed.name
        else:
            root, name = "/", uri.lstrip("/")
        with self._lock:
            if root not in self._opened:
                self._opened[root] = open_store(root)
            return self._opened[root], name
