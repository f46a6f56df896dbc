"""What an import leaves in the store."""

from vidset.labeling.stores.sqlite import SqliteStore
from vidset.labeling.stores.store import Query

FIRST, SECOND = "a/0/0000000000.jpg", "a/0/0000001000.jpg"


def documents(out, collection: str) -> list[dict]:
    store = SqliteStore(out / "labels.sqlite")
    return [stored.document for stored in store.find(Query(collection))]


def counts(called) -> dict:
    """The counts that are not 0."""
    names = ("stored", "new", "changed", "unchanged", "emptied", "conflicting", "unlabeled")
    found = {name: called.found[name] for name in (*names, "unknown")}
    return {name: number for name, number in found.items() if number}
