import hashlib
import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidset.labeling.quarantine import quarantine, read_payload, resolve
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.labeling.stores.store import Query
from vidset.labeling.timestamps import parse_timestamp

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOISE = random.Random(1).randbytes(2_500_000)


def keep(store, payload, *, reason="no JSON", image_id=None, now=NOON):
    return quarantine(store, payload, vendor="scale", reason=reason, image_id=image_id, now=now)


def name_of(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()[:32]


def documents(store) -> dict[str, dict]:
    return {stored.id: stored.document for stored in store.find(Query("quarantine"))}


@pytest.mark.parametrize(
    ("payload", "parts"),
    [
        pytest.param(b"", 0, id="empty"),
        pytest.param(b'{"task": 1', 0, id="short"),
        pytest.param(bytes(range(256)), 0, id="every byte"),
        pytest.param(NOISE[:900_000], 0, id="one full part"),
        pytest.param(NOISE[:900_001], 1, id="a byte more"),
        pytest.param(NOISE[:1_800_000], 1, id="two full parts"),
        pytest.param(NOISE, 2, id="three parts"),
    ],
)
def test_a_payload_comes_back_byte_for_byte(store, payload, parts):
    assert keep(store, payload)
    name = name_of(payload)
    assert read_payload(store, name) == payload
    assert sorted(documents(store)) == [name, *(f"{name}-{n}" for n in range(1, parts + 1))]
    heads = list(store.find(Query("quarantine", {"part_of": None})))
    assert [head.id for head in heads] == [name]


@settings(max_examples=30)
@given(st.binary())
def test_any_payload_comes_back_byte_for_byte(tmp_path_factory, payload):
    store = SqliteStore(tmp_path_factory.mktemp("store") / "labels.sqlite")
    if b"=" in payload or b"%3" in payload.lower():
        payload = payload.replace(b"=", b"").replace(b"%", b"")  # What may be a signature.
    keep(store, payload)
    assert read_payload(store, name_of(payload)) == payload
    store.close()


def test_the_document_tells_whose_it_is_and_why(store):
    keep(store, b"{", reason="no JSON: line 1", image_id="0" * 32)
    [document] = documents(store).values()
    assert parse_timestamp(document.pop("received_at")) == NOON
    assert document == {
        "vendor": "scale",
        "reason": "no JSON: line 1",
        "image_id": "0" * 32,
        "resolved_at": None,
        "size_bytes": 1,
        "parts": 0,
        "payload": b"{",
        "part_of": None,
    }


@pytest.mark.parametrize("size", [10, 1_000_000], ids=["short", "in parts"])
def test_what_comes_again_is_stored_once(store, size):
    payload = NOISE[:size]
    assert keep(store, payload)
    before = documents(store)
    assert not keep(store, payload, now=NOON + timedelta(hours=1))
    assert documents(store) == before


def test_what_was_resolved_and_comes_again_is_open_again(store):
    keep(store, b"{")
    resolve(store, name_of(b"{"), NOON)
    assert not keep(store, b"{", reason="another reason")
    [document] = documents(store).values()
    assert (document["resolved_at"], document["reason"]) == (None, "another reason")


@pytest.mark.parametrize("size", [10, 1_000_000], ids=["short", "in parts"])
def test_what_comes_twice_at_once_is_new_once(store, size):
    payload, together = NOISE[:size], Barrier(4)

    def deliver(_):
        together.wait()
        return keep(store, payload)

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(deliver, range(4))) == [False, False, False, True]
    assert read_payload(store, name_of(payload)) == payload
    assert len(documents(store)) == (1 if size < 900_000 else 2)


def test_what_broke_off_after_the_first_parts_is_completed(store):
    class BrokenOffError(Exception):
        pass

    class Breaking:
        def commit(self, writes):
            if writes[0].id == name_of(NOISE):
                raise BrokenOffError
            return store.commit(writes)

    with pytest.raises(BrokenOffError):
        keep(Breaking(), NOISE)
    assert len(documents(store)) == 2
    assert keep(store, NOISE)
    assert read_payload(store, name_of(NOISE)) == NOISE


def test_a_signed_url_keeps_no_signature_and_the_rest_stays_json(store):
    signed = (
        "https://storage.googleapis.com/b/o.jpg?X-Goog-Credential=a%40b&X-Goog-Signature=0ff1ce"
    )
    told = {"task": {"params": {"attachment": signed}}, "of": [json.dumps({"url": signed}), "ü"]}
    keep(store, json.dumps(told, ensure_ascii=False).encode())
    [document] = documents(store).values()
    plain = "https://storage.googleapis.com/b/o.jpg"
    assert json.loads(document["payload"]) == {
        "task": {"params": {"attachment": plain}},
        "of": [json.dumps({"url": plain}), "ü"],
    }
    assert document["size_bytes"] == len(document["payload"])


@pytest.mark.parametrize(
    ("reason", "stored"),
    [
        pytest.param("x" * 3_000_000, "x" * 2000 + "...", id="without end"),
        pytest.param("got 'a\ud800b'", "got 'a\\ud800b'", id="lone surrogate"),
        pytest.param("got '\0\n日本'", "got '\0\n日本'", id="unicode"),
    ],
)
def test_a_reason_with_a_vendors_text_in_it_can_be_stored(store, reason, stored):
    assert keep(store, b"{", reason=reason, image_id=reason)
    [document] = documents(store).values()
    assert (document["reason"], document["image_id"]) == (stored, stored)


def test_what_is_not_there_is_told(store):
    with pytest.raises(KeyError, match="no quarantine/0123"):
        read_payload(store, "0123")
    with pytest.raises(KeyError, match="no quarantine/0123"):
        resolve(store, "0123", NOON)


def test_a_payload_with_a_part_missing_is_not_given_as_whole():
    class WithoutParts:
        def get(self, *keys):
            return [None if "-1" in key[1] else kept for key in keys]

    class kept:  # noqa: N801
        document = {"parts": 1, "payload": b"head"}  # noqa: RUF012

    with pytest.raises(KeyError, match="no quarantine/0123-1, a part of quarantine/0123"):
        read_payload(WithoutParts(), "0123")
