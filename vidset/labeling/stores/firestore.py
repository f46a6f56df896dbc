"""Documents in Firestore, through its own client."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from google.api_core.exceptions import (
    Aborted,
    AlreadyExists,
    DeadlineExceeded,
    FailedPrecondition,
    InternalServerError,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    ServiceUnavailable,
)
from google.api_core.retry import Retry, if_exception_type
from google.cloud import firestore

from vidset.labeling.stores.documents import check_query, check_writes, in_pages, is_id
from vidset.labeling.stores.store import ConflictError, Key, Query, Stored, Write

# The client's own are 60 s to 300 s, longer than who waits for an answer.
_CALL: dict[str, Any] = {
    "timeout": 10,
    "retry": Retry(
        if_exception_type(
            DeadlineExceeded, InternalServerError, ResourceExhausted, ServiceUnavailable
        ),
        initial=0.1,
        maximum=2,
        timeout=30,
    ),
}
_MOST_ERASED = 400
_EARLIEST = datetime(1, 1, 1, tzinfo=UTC)


class FirestoreStore:
    """A `Store` in a database of a project, with the application default credentials.

    A call takes at most 40 s: 10 s an attempt, and attempts for 30 s; then it raises
    google.api_core.exceptions.GoogleAPIError. When only the reply to a commit is lost, the next
    attempt finds the documents changed, by itself: who gets a ConflictError must read again to
    know what holds. A version is the time of the last change: a commit of the very same document
    keeps it.
    """

    def __init__(self, project: str, database: str):
        self._client = firestore.Client(project=project, database=database)

    def get(self, *keys: Key) -> list[Stored | None]:
        # An id from outside may be anything; what cannot be an id is no document's.
        references = [self._client.document(*key) for key in keys if is_id(key[1])]
        found = {
            (snapshot.reference.parent.id, snapshot.id): _stored(snapshot)
            for snapshot in self._client.get_all(references, **_CALL)
            if snapshot.exists
        }
        return [found.get(key) for key in keys]

    def commit(self, writes: Sequence[Write]) -> list[Any]:
        check_writes(writes)
        batch = self._client.batch()
        for write in writes:
            self._add(batch, write)
        try:
            return [result.update_time for result in batch.commit(**_CALL)]
        except (Aborted, AlreadyExists, FailedPrecondition, NotFound) as error:
            if isinstance(error, NotFound) and all(write.version is None for write in writes):
                raise  # The database itself.
            raise ConflictError(f"{_names(writes)}: {error.message}") from error
        except InvalidArgument as error:  # Such as one of more than 1 MiB.
            raise ValueError(f"{_names(writes)}: refused by Firestore: {error.message}") from error

    def find(self, query: Query) -> Iterator[Stored]:
        check_query(query)
        wanted = self._ordered(query)

        def read(after: Any, size: int) -> list[Any]:
            page = wanted.limit(size)
            return (page.start_after(after) if after else page).get(**_CALL)

        return map(_stored, in_pages(read, query.limit))

    def count(self, query: Query) -> int:
        return int(self._matching(query).count().get(**_CALL)[0][0].value)

    def total(self, query: Query, of: str) -> float:
        return float(self._matching(query).sum(of).get(**_CALL)[0][0].value)

    def erase(self, keys: Sequence[Key]) -> None:
        """Delete documents. Point-in-time recovery keeps them for as long as it is set to."""
        for start in range(0, len(keys), _MOST_ERASED):
            batch = self._client.batch()
            for key in keys[start : start + _MOST_ERASED]:
                batch.delete(self._client.document(*key))
            batch.commit(**_CALL)

    def close(self) -> None:
        self._client._firestore_api.transport.close()

    def _add(self, batch: Any, write: Write) -> None:
        reference = self._client.document(write.collection, write.id)
        if write.version is None:
            batch.create(reference, dict(write.document))
            return
        # update() keeps fields that the document no longer has, and reads dots in keys as paths;
        # set() does neither, but takes no condition.
        batch.set(reference, dict(write.document))
        condition = self._client.write_option(last_update_time=write.version)
        condition.modify_write(batch._write_pbs[-1])

    def _matching(self, query: Query) -> Any:
        check_query(query)
        found: Any = self._client.collection(query.collection)
        for name, value in query.equals.items():
            found = _where(found, name, "==", value)
        return found

    def _ordered(self, query: Query) -> Any:
        found = self._matching(query)
        if query.order_by:
            # Always from some time on, so that only documents which have it are found.
            found = _where(found, query.order_by, ">=", query.since or _EARLIEST)
            if query.until:
                found = _where(found, query.order_by, "<=", query.until)
            found = found.order_by(query.order_by)
        for comparison, name in (">", query.after_id), ("<=", query.up_to_id):
            if name is not None:
                reference = self._client.document(query.collection, name)
                found = _where(found, "__name__", comparison, reference)
        return found.order_by("__name__")


def _where(found: Any, field: str, comparison: str, value: Any) -> Any:
    return found.where(filter=firestore.FieldFilter(field, comparison, value))


def _stored(snapshot: Any) -> Stored:
    return Stored(snapshot.id, snapshot.to_dict(), snapshot.update_time)


def _names(writes: Sequence[Write]) -> str:
    return ", ".join(f"{write.collection}/{write.id}" for write in writes)
