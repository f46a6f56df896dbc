"""What a document can hold, in every store."""

import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vidset.labeling.stores.store import Query, Write
from vidset.labeling.timestamps import parse_timestamp

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HARD = {
    "text": "Straße 日本語 😀 'single' \"double\" `back` \\ \n\t\0 \u2028",
    "__bytes__ as a text": '{"__bytes__": "AA=="}',
    "nothing": "",
    "2**53 + 1": 2**53 + 1,
    "least": -(2**63),
    "most": 2**63 - 1,
    "0.1": 0.1,
    "one": 1.0,
    "tiny": 5e-324,
    "true": True,
    "false": False,
    "none": None,
    "bytes": bytes(range(256)),
    "no bytes": b"",
    "noon": NOON,
    "elsewhere": datetime(2026, 3, 1, 23, 59, 59, 999999, tzinfo=timezone(timedelta(hours=-7))),
    "empty list": [],
    "empty map": {},
    "list": [1, "two", 3.0, None, NOON, b"\xff", {"deeper": [{"x": 0.5}]}],
    "a.b": {"a": 1},
    "a": {"b": 2, "c.d": 3, "`e`": 4, " ": 5, "/": 6, "ü😀": 7, "__x": 8, "$[0]": {"*": 9}},
}


def is_same(got: object, wanted: object) -> bool:
    """Kinds too: 1 is not 1.0, nor True. A time may come back as a text."""
    if isinstance(wanted, datetime):
        return isinstance(got, datetime | str) and parse_timestamp(got) == wanted
    if isinstance(wanted, dict):
        return (
            isinstance(got, dict)
            and got.keys() == wanted.keys()
            and all(is_same(got[key], value) for key, value in wanted.items())
        )
    if isinstance(wanted, list):
        return isinstance(got, list) and len(got) == len(wanted) and all(map(is_same, got, wanted))
    return type(got) is type(wanted) and got == wanted


def test_a_document_comes_back_as_it_was_stored(store):
    [version] = store.commit([Write("quarantine", "a", HARD)])
    [stored] = store.get(("quarantine", "a"))
    assert (stored.id, stored.version) == ("a", version)
    assert is_same(stored.document, HARD)
    assert [found.document for found in store.find(Query("quarantine"))] == [stored.document]


names = st.text(min_size=1, max_size=20).filter(
    lambda name: not (name.startswith("__") and name.endswith("__"))
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary()
    | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
)
maps = st.recursive(
    st.dictionaries(names, scalars, max_size=5),
    lambda inner: st.dictionaries(
        names, scalars | inner | st.lists(scalars | inner, max_size=4), max_size=5
    ),
    max_leaves=8,
)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(maps, maps)
def test_any_document_comes_back_and_is_replaced_as_a_whole(store, first, second):
    key = ("answers", uuid.uuid4().hex)
    [version] = store.commit([Write(*key, first)])
    assert is_same(store.get(key)[0].document, first)
    store.commit([Write(*key, second, version)])
    assert is_same(store.get(key)[0].document, second)


def nested(depth: int) -> dict:
    return {"a": nested(depth - 1)} if depth else {}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param({"a": [{"b": [1, [2]]}]}, r"a\[0\]\.b\[1\]: wanted no list in", id="lists"),
        pytest.param(
            {"a": {"b": float("nan")}}, r"a\.b: wanted a finite number, got nan", id="nan"
        ),
        pytest.param({"a": [float("-inf")]}, r"a\[0\]: wanted a finite number", id="infinity"),
        pytest.param({"a": 2**63}, r"a: wanted an integer of 64 bits", id="large"),
        pytest.param({"a": datetime(2026, 1, 1)}, r"a: wanted a time with its zone", id="no zone"),
        pytest.param({"a": "\ud800"}, r"a: wanted Unicode", id="lone surrogate"),
        pytest.param({"a": {1}}, r"a: wanted a text, number, .* got \{1\}", id="set"),
        pytest.param({"a": {"": 1}}, r"a: wanted keys that are texts of .* got ''", id="no key"),
        pytest.param({"a": {1: 1}}, r"a: wanted keys that are texts of .* got 1", id="key 1"),
        pytest.param({"__bytes__": "AA=="}, r"wanted keys .* got '__bytes__'", id="reserved key"),
        pytest.param({"k" * 1501: 1}, r"wanted keys that are texts of 1 to 1500", id="long key"),
        pytest.param(nested(21), r"wanted at most 20 lists and maps in each other", id="deep"),
    ],
)
def test_a_document_that_no_store_takes_is_refused_with_its_place(store, document, message):
    good = Write("answers", "good", {})
    with pytest.raises(ValueError, match=rf"^answers/bad.*{message}"):
        store.commit([good, Write("answers", "bad", document)])
    assert store.get(("answers", "good"), ("answers", "bad")) == [None, None]


def test_a_document_as_deep_as_can_be_is_stored(store):
    store.commit([Write("answers", "deep", nested(20))])
    assert store.get(("answers", "deep"))[0].document == nested(20)


NO_IDS = ["", "a/b", ".", "..", "__a__", "x" * 1501, "\ud800"]


@pytest.mark.parametrize("name", [pytest.param(name, id=ascii(name)[:20]) for name in NO_IDS])
def test_what_cannot_be_an_id_is_not_there_and_is_not_stored(store, name):
    assert store.get(("tasks", name)) == [None]
    with pytest.raises(ValueError, match="wanted an id of 1 to 1500 bytes"):
        store.commit([Write("tasks", name, {})])
