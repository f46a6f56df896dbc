import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidset.labeling.events import image_id, image_of_event
from vidset.labeling.task import Image

NAME = "cam1/drive/1700000000000001/0000001000.jpg"
URI = f"gs://images/{NAME}"
# printf 'images/cam1/drive/1700000000000001/0000001000.jpg' | sha256sum | cut -c -32
ID = "95987d3580db79ea47630e05759ab717"


def event(name=NAME, *, bucket="images", data=None, attributes=None, **resource):
    """A notification in a CloudEvent's data; an attribute None is left out."""
    payload = {
        "kind": "storage#object",
        "name": name,
        "bucket": bucket,
        "contentType": "image/jpeg",
        "metadata": {"width": "1280", "height": "720", "settings_id": "s"},
    } | resource
    given = {
        "eventType": "OBJECT_FINALIZE",
        "payloadFormat": "JSON_API_V1",
        "bucketId": bucket,
        "objectId": name,
        "objectGeneration": "1",
    } | (attributes or {})
    encoded = base64.b64encode(json.dumps(payload).encode()).decode()
    return {
        "message": {
            "attributes": {key: value for key, value in given.items() if value is not None},
            "data": encoded if data is None else data,
            "messageId": "1",
            "publishTime": "2026-03-01T12:00:00Z",
        },
        "subscription": "projects/p/subscriptions/s",
    }


def test_a_finalised_image_is_told_with_its_id_and_size():
    assert image_of_event(event(), "gs://images") == Image(ID, URI, 1280, 720)


def test_an_image_id_is_of_bucket_and_name():
    assert image_id(f"images/{NAME}") == ID


@pytest.mark.parametrize(
    ("told", "images", "why"),
    [
        pytest.param(
            event(attributes={"eventType": "OBJECT_DELETE"}),
            "gs://images",
            "event type 'OBJECT_DELETE'",
            id="deleted",
        ),
        pytest.param(
            event(attributes={"eventType": None}), "gs://images", "event type None", id="no type"
        ),
        pytest.param(
            event(bucket="uploads"), "gs://images", "is not below gs://images", id="other bucket"
        ),
        pytest.param(
            event(bucket="images-2"), "gs://images", "is not below gs://images", id="longer bucket"
        ),
        pytest.param(
            event("ab/1/0000000000.jpg"), "gs://images/a", "is not below", id="longer prefix"
        ),
        pytest.param(
            event("a/1/0000000000.jpg"), "gs://images/a", "not named like an image", id="too short"
        ),
        pytest.param(
            event("A/x/1/0000000000.jpg"), "gs://images/a", "is not below", id="other case"
        ),
        pytest.param(
            event(attributes={"objectId": 7}), "gs://images", "no bucketId", id="name is a number"
        ),
        pytest.param({"message": {"data": ""}}, "gs://images", "no Pub/Sub message", id="plain"),
        pytest.param({"bucket": "images"}, "gs://images", "no Pub/Sub message", id="storage event"),
        pytest.param(None, "gs://images", "no Pub/Sub message", id="nothing"),
        pytest.param(
            event("drive\ud800/1/0000000000.jpg"), "gs://images", "not named", id="lone surrogate"
        ),
    ],
)
def test_an_event_of_none_of_our_images_says_why(told, images, why):
    reason = image_of_event(told, images)
    assert isinstance(reason, str)
    assert why in reason


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("frames/cam1/drive/17-s.parquet", id="frame ledger"),
        pytest.param("videos/cam1/drive/17-s.parquet", id="video ledger"),
        pytest.param("dead_letters/2026-03-01/0123.jsonl", id="dead letters"),
        pytest.param("cam1/drive/", id="directory"),
        pytest.param("cam1/drive/17/0000001000.png", id="PNG"),
        pytest.param("cam1/drive/17/0000001000.jpg.partial", id="half written"),
        pytest.param("cam1/drive/17/000001000.jpg", id="nine digits"),
        pytest.param(
            "cam1/drive/17/" + "\u0660" * 10 + ".jpg",
            id="other digits",
        ),
        pytest.param("0000001000.jpg", id="no video"),
        pytest.param("drive/0000001000.jpg", id="no generation"),
        pytest.param("drive//0000001000.jpg", id="empty generation"),
        pytest.param("cam1/drive/17/0000001000.jpg\n", id="line break at the end"),
        pytest.param("", id="no name"),
    ],
)
def test_an_object_that_is_no_image_is_passed_over(name):
    assert image_of_event(event(name), "gs://images") == (
        f"gs://images/{name} is not named like an image"
    )


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("a/1/0000000000.jpg", id="short"),
        pytest.param("new\nline/1/0000000000.jpg", id="line break"),
        pytest.param("a%0Ab%2F/1/0000000000.jpg", id="percent codes"),
        pytest.param("../..%/1/0000000000.jpg", id="dots"),
        pytest.param("Straße 日本語 😀?#&/0123456789abcdef/0000000000.jpg", id="unicode"),
        pytest.param("a/1/10000000000.jpg", id="after 115 days"),
    ],
)
@pytest.mark.parametrize(
    ("images", "folder"),
    [
        pytest.param("gs://images", "", id="bucket"),
        pytest.param("gs://images/a/b", "a/b/", id="prefix"),
    ],
)
def test_an_image_is_named_as_the_object_is(images, folder, name):
    image = image_of_event(event(folder + name), images)
    assert isinstance(image, Image)
    assert image.uri == f"gs://images/{folder}{name}"
    assert image.id == image_id(f"images/{folder}{name}")


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(event(data=""), id="no payload"),
        pytest.param(event(data="%%%"), id="no base64"),
        pytest.param(event(data="ü"), id="no ASCII"),
        pytest.param(event(data=7), id="a number"),
        pytest.param(event(data=True), id="a flag"),
        pytest.param(event(data=[]), id="a list"),
        pytest.param(event(data=base64.b64encode(b"\xff{").decode()), id="no JSON"),
        pytest.param(event(data=base64.b64encode(b"[" * 100_000).decode()), id="nested deep"),
        pytest.param(event(metadata=None), id="no metadata"),
        pytest.param(event(metadata="1280x720"), id="metadata is a text"),
        pytest.param(event(metadata={"width": "1280"}), id="no height"),
        pytest.param(event(metadata={"width": "0", "height": "720"}), id="zero"),
        pytest.param(event(metadata={"width": "-1", "height": "720"}), id="negative"),
        pytest.param(event(metadata={"width": "1280.0", "height": "720"}), id="a fraction"),
        pytest.param(event(metadata={"width": "\u0661\u0662", "height": "720"}), id="other digits"),
        pytest.param(event(metadata={"width": "1000000", "height": "720"}), id="too wide"),
        pytest.param(event(metadata={"width": "0000012800000", "height": "72"}), id="zeros first"),
        pytest.param(event(metadata={"width": "0" * 8 + "1" * 5000, "height": "1"}), id="endless"),
        pytest.param(event(metadata={"width": True, "height": True}), id="flags"),
        pytest.param(event(metadata={"width": "1280\n", "height": "720"}), id="line break"),
    ],
)
def test_an_event_that_tells_no_size_gives_an_image_without(told):
    assert image_of_event(told, "gs://images") == Image(ID, URI, None, None)


@pytest.mark.parametrize(
    "size", [("1280", "720"), (1280, 720)], ids=["as Cloud Storage keeps it", "numbers"]
)
def test_an_event_tells_the_size_in_its_metadata(size):
    told = event(metadata={"width": size[0], "height": size[1]})
    assert image_of_event(told, "gs://images") == Image(ID, URI, 1280, 720)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(["OBJECT_FINALIZE", "images", NAME]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["message", "attributes", "data", "eventType", "bucketId", "objectId", "metadata"]
            ),
            inner,
            max_size=5,
        )
    ),
)


@given(anything)
def test_no_event_makes_it_fail(told):
    assert isinstance(image_of_event(told, "gs://images"), Image | str)


@given(
    st.fixed_dictionaries(
        {"eventType": st.just("OBJECT_FINALIZE"), "bucketId": st.just("images") | anything},
        optional={
            "objectId": st.text(st.characters()).map("a/1/0000000000.jpg".__add__) | anything
        },
    ),
    st.binary().map(base64.b64encode) | anything.map(json.dumps).map(str.encode) | anything,
)
def test_no_notification_makes_it_fail(attributes, data):
    if isinstance(data, bytes):
        data = data.decode("latin-1")
    told = {"message": {"attributes": attributes, "data": data}}
    assert isinstance(image_of_event(told, "gs://images"), Image | str)


@given(metadata=anything)
def test_no_metadata_makes_it_fail(metadata):
    image = image_of_event(event(metadata=metadata), "gs://images")
    assert isinstance(image, Image)
    assert (image.width is None) == (image.height is None)


@pytest.mark.emulator
def test_cloud_storages_own_notification_is_understood(gcs_with_events):
    blob = gcs_with_events.make_bucket("images").blob("out/cam 1/drive/17/0000001000.jpg")
    blob.metadata = {"width": "1280", "height": "720"}
    blob.upload_from_string(b"\xff\xd8", content_type="image/jpeg", if_generation_match=0)
    [message] = gcs_with_events.pubsub.pull_all(gcs_with_events.subscription, count=1)
    encoded = base64.b64encode(message.data).decode()
    data = {"message": {"attributes": dict(message.attributes), "data": encoded}}
    uri = "gs://images/out/cam 1/drive/17/0000001000.jpg"
    wanted = Image(image_id("images/out/cam 1/drive/17/0000001000.jpg"), uri, 1280, 720)
    assert image_of_event(data, "gs://images/out") == wanted
    assert image_of_event(data, "gs://images/other") == f"{uri} is not below gs://images/other"


def test_of_copies_events_alone_the_original_is_told():
    told = image_of_event(event(bucket="blurred"), "gs://images", "gs://blurred")
    assert told == Image(ID, URI, 1280, 720)
    told = image_of_event(event(), "gs://images", "gs://blurred")
    assert told == f"{URI} is not below gs://blurred"
    told = image_of_event(event(f"b/{NAME}", bucket="copies"), "gs://images", "gs://copies/b")
    assert told == Image(ID, URI, 1280, 720)
