"""Documents of the labeling broker's Firestore, read as Firestore sends them.

The client library turns each value into objects of its own and these into Python's, which takes
three times as long as all the rest; the messages themselves can be read at once.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
from google.api_core.exceptions import (
    Aborted,
    DeadlineExceeded,
    InternalServerError,
    ResourceExhausted,
    ServiceUnavailable,
)
from google.api_core.retry import Retry, if_exception_type
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.protobuf.timestamp_pb2 import Timestamp

from vidset.documents.documents import Part

_PAGE = 2_000
_TIME_OUT = 120
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Query = types.StructuredQuery
_Compare = _Query.FieldFilter.Operator
# A page that broke off is asked for again, whole.
_RETRY = Retry(
    if_exception_type(
        Aborted, DeadlineExceeded, InternalServerError, ResourceExhausted, ServiceUnavailable
    ),
    initial=0.5,
    maximum=30,
    timeout=300,
)


class FirestoreDocuments:
    """Reads with application default credentials, or an emulator by FIRESTORE_EMULATOR_HOST.

    Times come as datetimes, to the microsecond. Only documents whose `written_at` is a time are
    found by it.
    """

    def __init__(self, project: str, database: str):
        self.uri = f"firestore://{project}/{database}"
        self._database = f"projects/{project}/databases/{database}"
        emulator = os.environ.get("FIRESTORE_EMULATOR_HOST")
        self._client = _client(emulator)
        self._metadata = [("google-cloud-resource-prefix", self._database)]
        if emulator:
            self._metadata.append(("authorization", "Bearer owner"))

    def now(self) -> datetime:
        return self._aggregate(Part("tasks", since=datetime.now(UTC)))[1]

    def count(self, part: Part) -> int:
        return self._aggregate(part)[0]

    def read(self, part: Part) -> Iterator[tuple[str, dict[str, Any]]]:
        query = self._query(part)
        while True:
            documents = _RETRY(self._page)(query)
            for document in documents:
                fields = {name: _python(value) for name, value in document.fields.items()}
                yield document.name.rpartition("/")[2], fields
            if len(documents) < _PAGE:
                return
            query.start_at = self._cursor(query, documents[-1])

    def close(self) -> None:
        self._client.transport.close()

    def _page(self, query: Any) -> list[Any]:
        request = types.RunQueryRequest(parent=f"{self._database}/documents")
        request.structured_query = query
        # Not the client's own retries, which begin a broken stream again and give rows twice.
        answers = self._client.run_query(
            request, retry=None, timeout=_TIME_OUT, metadata=self._metadata
        )
        messages = map(types.RunQueryResponse.pb, answers)
        return [message.document for message in messages if message.HasField("document")]

    def _aggregate(self, part: Part) -> tuple[int, datetime]:
        """Returns how many there are, and when that was so."""
        counting = types.StructuredAggregationQuery(structured_query=self._query(part, limit=None))
        count = types.StructuredAggregationQuery.Aggregation.Count()
        counting.aggregations = [
            types.StructuredAggregationQuery.Aggregation(count=count, alias="number")
        ]
        request = types.RunAggregationQueryRequest(
            parent=f"{self._database}/documents", structured_aggregation_query=counting
        )
        answers = _RETRY(
            lambda: list(
                self._client.run_aggregation_query(
                    request, retry=None, timeout=_TIME_OUT, metadata=self._metadata
                )
            )
        )()
        [answer] = [types.RunAggregationQueryResponse.pb(each) for each in answers]
        number = answer.result.aggregate_fields["number"].integer_value
        return number, _moment(answer.read_time)

    def _query(self, part: Part, limit: int | None = _PAGE) -> Any:
        by_time = part.since is not None
        bounds = (
            [(_Compare.GREATER_THAN_OR_EQUAL, part.since), (_Compare.LESS_THAN, part.before)]
            if by_time
            else [
                (_Compare.GREATER_THAN, self._reference(part, part.after_id)),
                (_Compare.LESS_THAN_OR_EQUAL, self._reference(part, part.up_to_id)),
            ]
        )
        field = "written_at" if by_time else "__name__"
        filters = [_filter(field, operator, bound) for operator, bound in bounds if bound]
        names = [field, "__name__"] if by_time else [field]
        query = _Query(
            from_=[_Query.CollectionSelector(collection_id=part.collection)],
            order_by=[
                _Query.Order(field=_field(name), direction=_Query.Direction.ASCENDING)
                for name in names
            ],
        )
        if filters:
            together = _Query.CompositeFilter.Operator.AND
            query.where = _Query.Filter(
                composite_filter=_Query.CompositeFilter(op=together, filters=filters)
            )
        if limit is not None:
            query.limit = limit  # pyright: ignore[reportAttributeAccessIssue] (it takes both)
        return query

    def _reference(self, part: Part, name: str | None) -> str | None:
        return name and f"{self._database}/documents/{part.collection}/{name}"

    def _cursor(self, query: Any, last: Any) -> Any:
        values = [types.Value(reference_value=last.name)]
        if len(query.order_by) > 1:
            values.insert(0, types.Value(types.Value.wrap(last.fields["written_at"])))
        return types.Cursor(values=values, before=False)


def _client(emulator: str | None) -> FirestoreClient:
    if not emulator:
        return FirestoreClient()
    channel = grpc.insecure_channel(emulator, options=[("grpc.max_receive_message_length", -1)])
    return FirestoreClient(transport=FirestoreGrpcTransport(channel=channel))


def _field(name: str) -> Any:
    return _Query.FieldReference(field_path=name)


def _filter(field: str, operator: Any, bound: str | datetime) -> Any:
    value = (
        types.Value(reference_value=bound)
        if isinstance(bound, str)
        else types.Value(timestamp_value=bound)
    )
    return _Query.Filter(
        field_filter=_Query.FieldFilter(field=_field(field), op=operator, value=value)
    )


def _python(value: Any) -> Any:
    """Return a message's value. Bytes, references and places on Earth stay as they are."""
    kind = value.WhichOneof("value_type")
    if kind == "map_value":
        return {name: _python(each) for name, each in value.map_value.fields.items()}
    if kind == "array_value":
        return [_python(each) for each in value.array_value.values]
    if kind == "timestamp_value":
        return _moment(value.timestamp_value)
    return None if kind == "null_value" else getattr(value, kind)


def _moment(stamp: Timestamp) -> datetime:
    return _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)
