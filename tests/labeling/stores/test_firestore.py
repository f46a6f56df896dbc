"""What Firestore does beside: lost replies, and what it alone refuses."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import grpc
import pytest
from google.api_core.exceptions import NotFound, PermissionDenied

from vidset.labeling.stores.firestore import FirestoreStore
from vidset.labeling.stores.store import ConflictError, Write

pytestmark = pytest.mark.emulator


@dataclass
class Relay(grpc.GenericRpcHandler):
    """Stands before the emulator, and answers a commit with the next of `failures` instead.

    Attributes:
        is_done: whether what is answered so has been stored.
    """

    channel: grpc.Channel
    failures: list[grpc.StatusCode] = field(default_factory=list)
    is_done: bool = True
    commits: int = 0

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        ask = self.channel.unary_stream(details.method)  # Which a unary call looks like, too.
        is_commit = details.method.endswith("/Commit")
        metadata = [("authorization", "Bearer owner")]

        def answer(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
            if is_commit:
                self.commits += 1
                if self.failures:
                    if self.is_done:
                        list(ask(request, metadata=metadata))
                    context.abort(self.failures.pop(0), "as the test wants it")
            try:
                yield from ask(request, metadata=metadata)
            except grpc.RpcError as error:  # It is the call, too, but its type does not say so.
                context.abort(error.code(), error.details())

        return grpc.unary_stream_rpc_method_handler(answer)


@pytest.fixture
def relay(firestore, monkeypatch):
    server = grpc.server(ThreadPoolExecutor(4))
    port = server.add_insecure_port("127.0.0.1:0")
    with grpc.insecure_channel(firestore.host) as channel:
        relay = Relay(channel)
        server.add_generic_rpc_handlers([relay])
        server.start()
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{port}")
        yield relay
        server.stop(None).wait()


@pytest.fixture
def store(relay, firestore):
    store = FirestoreStore(firestore.project, "(default)")
    yield store
    store.close()


@pytest.mark.parametrize(
    "code",
    [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.DEADLINE_EXCEEDED],
)
def test_a_commit_whose_reply_is_lost_is_stored_and_a_conflict(relay, store, code):
    relay.failures.append(code)
    with pytest.raises(ConflictError, match="tasks/a: "):
        store.commit([Write("tasks", "a", {"n": 1})])
    assert relay.commits == 2
    [stored] = store.get(("tasks", "a"))
    assert stored.document == {"n": 1}
    relay.failures.append(code)
    with pytest.raises(ConflictError, match="tasks/a: "):
        store.commit([Write("tasks", "a", {"n": 2}, stored.version)])
    assert store.get(("tasks", "a"))[0].document == {"n": 2}


def test_a_commit_that_did_not_get_through_is_tried_again(relay, store):
    relay.is_done = False
    relay.failures += [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED]
    [version] = store.commit([Write("tasks", "a", {"n": 1})])
    assert relay.commits == 3
    assert store.get(("tasks", "a"))[0].version == version


def test_contention_is_a_conflict(relay, store):
    relay.is_done = False
    relay.failures.append(grpc.StatusCode.ABORTED)
    with pytest.raises(ConflictError, match="tasks/a: "):
        store.commit([Write("tasks", "a", {})])


@pytest.mark.parametrize(
    ("code", "error"),
    [
        pytest.param(grpc.StatusCode.NOT_FOUND, NotFound, id="no database"),
        pytest.param(grpc.StatusCode.PERMISSION_DENIED, PermissionDenied, id="no permission"),
    ],
)
def test_what_reading_again_does_not_help_is_no_conflict(relay, store, code, error):
    relay.is_done = False
    relay.failures.append(code)
    with pytest.raises(error):
        store.commit([Write("tasks", "a", {})])


def test_a_document_of_more_than_a_mebibyte_is_a_value_error(store):
    with pytest.raises(ValueError, match=r"quarantine/a: refused by Firestore: .*1048487 bytes"):
        store.commit([Write("quarantine", "a", {"payload": b"x" * 1_048_576})])


def test_a_commit_of_the_same_document_keeps_its_version(store):
    [first] = store.commit([Write("tasks", "a", {"n": 1})])
    assert store.commit([Write("tasks", "a", {"n": 1}, first)]) == [first]
