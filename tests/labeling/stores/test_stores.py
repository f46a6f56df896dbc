"""What every store promises. `store` is one of each kind, empty."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from threading import Barrier

import pytest

from vidset.labeling.stores.store import ConflictError, Query, Write

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def put(store, collection, **documents):
    store.commit([Write(collection, name, value) for name, value in documents.items()])


def ids(store, *args, **query):
    return [stored.id for stored in store.find(Query(*args, **query))]


def test_get_keeps_the_order_of_the_keys_across_collections(store):
    put(store, "tasks", a={"n": 1}, b={"n": 2})
    put(store, "answers", a={"n": 3}, **{"é 😀 #?[]*`'\"": {"n": 4}})
    keys = [
        ("answers", "a"),
        ("tasks", "b"),
        ("tasks", "missing"),
        ("answers", "é 😀 #?[]*`'\""),
        ("tasks", "a"),
        ("tasks", "b"),
    ]
    found = store.get(*keys)
    assert [stored and stored.document["n"] for stored in found] == [3, 2, None, 4, 1, 2]
    assert store.get() == []


def test_a_write_replaces_the_whole_document_and_changes_the_version(store):
    [first] = store.commit([Write("tasks", "a", {"x": 1, "gone": 2, "map": {"gone": 3}})])
    [second] = store.commit([Write("tasks", "a", {"x": 1, "map": {"new": 4}}, first)])
    [stored] = store.get(("tasks", "a"))
    assert stored.document == {"x": 1, "map": {"new": 4}}
    assert stored.version == second != first


@pytest.mark.parametrize("failing_first", [True, False])
@pytest.mark.parametrize("failure", ["exists", "changed", "missing"])
def test_one_conflict_stores_nothing_of_a_commit(store, failure, failing_first):
    [old] = store.commit([Write("tasks", "changed", {"n": 1})])
    [now] = store.commit([Write("tasks", "changed", {"n": 2}, old)])
    failing = {
        "exists": Write("tasks", "changed", {"n": 3}),
        "changed": Write("tasks", "changed", {"n": 3}, old),
        "missing": Write("annotations", "missing", {"n": 3}, old),
    }[failure]
    good = [Write("answers", "good", {}), Write("state", "good", {})]
    with pytest.raises(ConflictError, match=f"{failing.collection}/{failing.id}"):
        store.commit([failing, *good] if failing_first else [*good, failing])
    keys = [("answers", "good"), ("state", "good"), ("annotations", "missing")]
    assert store.get(*keys) == [None, None, None]
    [stored] = store.get(("tasks", "changed"))
    assert (stored.document, stored.version) == ({"n": 2}, now)


def test_a_commit_takes_400_writes_and_no_more(store):
    writes = [Write("answers", f"{number:03d}", {"n": number}) for number in range(401)]
    with pytest.raises(ValueError, match="wanted at most 400 writes in a commit, got 401"):
        store.commit(writes)
    versions = store.commit(writes[:400])
    stored = store.get(*[("answers", write.id) for write in writes])
    assert [found and found.version for found in stored] == [*versions, None]
    assert store.commit([]) == []


def test_a_commit_takes_a_document_once(store):
    with pytest.raises(ValueError, match=r"got more for \['tasks/a'\]"):
        store.commit([Write("tasks", "a", {}), Write("answers", "a", {}), Write("tasks", "a", {})])


def test_find_goes_through_all_pages_in_the_order_of_the_ids(store):
    expected = sorted(uuid.uuid4().hex for _ in range(700))
    for start in range(0, 700, 350):
        put(store, "answers", **{name: {"of": name} for name in expected[start : start + 350]})
    found = list(store.find(Query("answers")))
    assert [stored.id for stored in found] == expected
    assert all(stored.document == {"of": stored.id} for stored in found)
    [again] = store.get(("answers", expected[0]))
    assert found[0] == again
    assert ids(store, "answers", limit=301) == expected[:301]
    assert ids(store, "answers", limit=0) == []
    bounds = {"after_id": expected[99], "up_to_id": expected[599]}
    assert ids(store, "answers", **bounds) == expected[100:600]
    assert ids(store, "answers", after_id=expected[-1]) == []
    assert ids(store, "tasks") == []


def test_ids_are_in_the_order_of_their_code_points(store):
    put(store, "answers", **{name: {} for name in ["é", "z", "\uffff", "Z", "😀", "10", "9"]})
    assert ids(store, "answers") == ["10", "9", "Z", "z", "é", "\uffff", "😀"]
    assert ids(store, "answers", after_id="z", up_to_id="\uffff") == ["é", "\uffff"]


def test_find_by_time_orders_and_bounds_and_leaves_out_what_has_no_time(store):
    documents = {
        "d": {"due_at": NOON},
        "c": {"due_at": NOON + SECOND},
        "b": {"due_at": NOON + timedelta(microseconds=1)},
        "a": {"due_at": (NOON + 2 * SECOND).astimezone(timezone(timedelta(hours=9)))},
        "never": {"due_at": None},
        "other": {},
    }
    put(store, "tasks", **documents)
    assert ids(store, "tasks", order_by="due_at") == ["d", "b", "c", "a"]
    assert ids(store, "tasks", order_by="due_at", since=NOON + SECOND) == ["c", "a"]
    assert ids(store, "tasks", order_by="due_at", until=NOON + SECOND) == ["d", "b", "c"]
    inner = {"since": NOON + timedelta(microseconds=1), "until": NOON + SECOND}
    assert ids(store, "tasks", order_by="due_at", **inner) == ["b", "c"]
    assert ids(store, "tasks", order_by="due_at", limit=1) == ["d"]


def test_find_by_time_goes_through_pages_of_documents_of_one_time(store):
    """As an import writes them."""
    times = [NOON] * 10 + [NOON + SECOND] * 700 + [NOON + 2 * SECOND] * 240
    rows = {f"{number:03d}": {"written_at": time} for number, time in enumerate(times)}
    names = list(rows)
    for start in range(0, 950, 190):
        put(store, "annotations", **{name: rows[name] for name in names[start : start + 190]})
    assert ids(store, "annotations", order_by="written_at") == names
    since = NOON + 2 * SECOND
    assert ids(store, "annotations", order_by="written_at", since=since) == names[710:]


KINDS = {
    "text": {"f": "1"},
    "one": {"f": 1},
    "real": {"f": 1.0},
    "true": {"f": True},
    "false": {"f": False},
    "none": {"f": None},
    "zero": {"f": 0},
    "missing": {"g": 1},
    "quotes": {"f": 'it\'s "x"; --'},
    "map": {"f": {"f": 1}},
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("1", ["text"], id="text"),
        pytest.param(1, ["one", "real"], id="integer"),
        pytest.param(1.0, ["one", "real"], id="float"),
        pytest.param(True, ["true"], id="true"),
        pytest.param(False, ["false"], id="false"),
        pytest.param(None, ["none"], id="none"),
        pytest.param(0, ["zero"], id="zero"),
        pytest.param('it\'s "x"; --', ["quotes"], id="quotes"),
        pytest.param("elsewhere", [], id="nowhere"),
    ],
)
def test_equals_tells_kinds_of_values_apart(store, value, expected):
    put(store, "answers", **KINDS)
    assert ids(store, "answers", {"f": value}) == expected
    assert store.count(Query("answers", {"f": value})) == len(expected)


def test_all_of_equals_must_hold_along_with_the_time(store):
    for number, (state, vendor) in enumerate(
        [("requested", "a"), ("requested", "b"), ("dispatched", "a"), ("requested", "a")]
    ):
        document = {"state": state, "vendor": vendor, "due_at": NOON - number * SECOND}
        put(store, "tasks", **{f"t{number}": document})
    wanted = {"state": "requested", "vendor": "a"}
    assert ids(store, "tasks", wanted) == ["t0", "t3"]
    assert ids(store, "tasks", wanted, after_id="t0") == ["t3"]
    assert ids(store, "tasks", wanted, order_by="due_at") == ["t3", "t0"]
    assert store.count(Query("tasks", wanted)) == 2
    assert store.count(Query("tasks")) == 4


def test_total_sums_a_field(store):
    costs = {"a": 0.25, "b": 2, "c": 0.5}
    documents = {name: {"booked_on": "2026-03-01", "cost": cost} for name, cost in costs.items()}
    put(store, "tasks", **documents, d={"booked_on": None, "cost": 8.0}, e={"booked_on": "x"})
    day = store.total(Query("tasks", {"booked_on": "2026-03-01"}), "cost")
    assert day == 2.75
    assert isinstance(day, float)
    assert store.total(Query("tasks"), "cost") == 10.75
    assert store.total(Query("tasks", {"booked_on": "2026-03-02"}), "cost") == 0.0


@pytest.mark.parametrize(
    ("query", "message"),
    [
        pytest.param({"since": NOON}, "since and until need order_by", id="since"),
        pytest.param({"until": NOON}, "since and until need order_by", id="until"),
        pytest.param(
            {"order_by": "t", "after_id": "a"}, "a range of ids excludes order_by", id="both"
        ),
        pytest.param({"order_by": "t') --"}, "wanted the name of a field", id="order_by"),
        pytest.param({"equals": {"a.b": 1}}, "wanted the name of a field, got 'a.b'", id="equals"),
        pytest.param({"after_id": "a/b"}, "wanted a range of ids, got 'a/b'", id="id"),
    ],
)
def test_a_query_that_means_nothing_is_refused_at_once(store, query, message):
    with pytest.raises(ValueError, match=f"a query of tasks: .*{message}"):
        store.find(Query("tasks", **query))


def test_documents_can_be_written_while_they_are_found(store):
    put(store, "answers", **{f"{number:03d}": {"n": 0} for number in range(310)})
    for stored in store.find(Query("answers")):
        stored.document["n"] += 1
        store.commit([Write("answers", stored.id, stored.document, stored.version)])
    assert {stored.document["n"] for stored in store.find(Query("answers"))} == {1}


def increment(store, times: int, meet: Callable[[], object]) -> int:
    """Add 1 so often to a counter, and give how often it was overtaken.

    All `meet` once, when they have read the same.
    """
    overtaken = 0
    [stored] = store.get(("state", "counter"))
    meet()
    while times:
        document = {"n": stored.document["n"] + 1 if stored else 1}
        try:
            store.commit([Write("state", "counter", document, stored and stored.version)])
        except ConflictError:
            overtaken += 1
        else:
            times -= 1
        [stored] = store.get(("state", "counter"))
    return overtaken


def test_no_increment_of_8_threads_is_lost(store):
    meet = partial(Barrier(8).wait, 20)
    with ThreadPoolExecutor(8) as threads:
        overtaken = sum(threads.map(lambda _: increment(store, 5, meet), range(8)))
    assert store.get(("state", "counter"))[0].document == {"n": 40}
    assert overtaken >= 7


def test_of_8_threads_that_create_a_document_one_succeeds(store):
    def create(number: int) -> int:
        try:
            store.commit([Write("tasks", "a", {"by": number}), Write("state", f"{number}", {})])
        except ConflictError:
            return 0
        return 1

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(create, range(8))) == 1
    [stored] = store.get(("tasks", "a"))
    assert ids(store, "state") == [str(stored.document["by"])]


def test_erased_documents_are_gone_and_the_others_stay(store, tmp_path):
    store.commit([Write("answers", name, {"said": f"secret-{name}"}) for name in ("a", "b")])
    store.erase([("answers", "a"), ("answers", "c"), ("tasks", "a")])
    one, other = store.get(("answers", "a"), ("answers", "b"))
    assert (one, other.document) == (None, {"said": "secret-b"})
    # Nothing of it stands in the file or its log either.
    for path in tmp_path.glob("labels.sqlite*"):
        assert b"secret-a" not in path.read_bytes()
