"""`vidset forget` on a bucket of images whose ledger is in BigQuery, on the emulators."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.chaos.counts import some
from tests.cli.called import vidset
from tests.forgetting.buckets import (
    COPIES,
    IMAGES,
    SETTINGS,
    A,
    B,
    make_buckets,
    put_video,
    traces_of,
)
from tests.forgetting.places import FakeVendor
from tests.labeling.functions import scale_settings
from tests.labeling.vendors.scale.double import scale_double
from vidset.elements import ledger_key
from vidset.forgetting.forget import STEPS, Forgetting, with_named
from vidset.forgetting.journal import Choice, read_journal, write_journal
from vidset.forgotten import tombstones_of
from vidset.intake.ingest import Ingest
from vidset.labeling.events import image_of_event
from vidset.project import Project
from vidset.storage.open import open_store
from vidset.warehouse.bigquery import erase_rows

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


@pytest.fixture
def made(gcs, bigquery, firestore, tmp_path):
    return make_buckets(gcs, bigquery, firestore, tmp_path)


def opened(made) -> Forgetting:
    return Forgetting(made.project, FakeVendor)  # type: ignore[return-value]


def names(place: str) -> set[str]:
    return {each.name for each in open_store(place).list()}


def test_nothing_is_left_of_a_video_and_all_of_the_others(made):
    others = Counter(traces_of(made, B))
    assert len(list(traces_of(made, A))) == sum(others.values()) > 10
    called = vidset("forget", A, *made.named, "--keep-tasks", "--yes", "--json")
    assert called.code == 0, called.err
    assert called.found["left"] == {}
    # Another test may have looked at a bucket of this name.
    assert {**called.found["deleted"], "caches": 0} == {
        "caches": 0,
        "documents of annotations": 2,
        "documents of tasks": 2,
        "videos": 1,
        "images": 2,
        "blurred copies": 2,
        "rows of vectors and selections": 2,
        "rows of annotations": 2,
        "rows of frames": 2,
        "rows of statements": 1,
        "rows of tasks": 2,
        "rows of videos": 1,
        "dead letters": 1,
    }
    assert list(traces_of(made, A)) == []
    assert Counter(traces_of(made, B)) == others
    assert names("gs://uploads") == {B}
    upload = made.videos[A]
    key = ledger_key(upload.video_uri, upload.generation)
    [receipt] = names(f"{IMAGES}/forgotten") - {f"{key}.json"}
    assert called.found["receipt"] == f"{IMAGES}/forgotten/{receipt}"
    kept = json.loads(open_store(f"{IMAGES}/forgotten").read(receipt))
    assert kept["videos"] == [key]
    assert kept["elsewhere"] == [
        f"dataset versions that were cut from {made.ledger}, in places of their own"
    ]
    assert [each["what"].partition(":")[0] for each in kept["recoverable"]] == [
        *["Cloud Storage"] * 2, *["Firestore"] * 2, *["BigQuery"] * 2, "Pub/Sub",
        "copies that vidset backup or other backups have made",
    ]  # fmt: skip


def test_a_dry_run_deletes_nothing_and_counts_the_same(made):
    before = names(IMAGES), Counter(traces_of(made, A))
    words = ("forget", A, *made.named, "--keep-tasks", "--json")
    looked = vidset(*words, "--dry-run").found
    assert (names(IMAGES), Counter(traces_of(made, A))) == before
    deleted = vidset(*words, "--yes").found["deleted"]
    assert {**looked["deleted"], "caches": 0} == {**deleted, "caches": 0}


def test_tasks_are_taken_back_from_the_vendor_that_the_environment_names(made, monkeypatch):
    with scale_double() as scale:
        for name, value in scale_settings(made.store, scale.url, "http://127.0.0.1:9").items():
            if name != "LABELING_STORE":  # It is named.
                monkeypatch.setenv(name, value)
        called = vidset("forget", A, *made.named, "--yes", "--json")
    assert called.code == 0, called.err
    assert (called.found["deleted"]["tasks at scale"], called.found["left"]) == (2, {})


def test_a_forgotten_video_is_not_taken_in_again(made):
    journal = opened(made).find(Choice((A,)), "eve", keep_source=True)
    assert opened(made).forget(journal).left == {}
    before = names(IMAGES)
    for worker in made.ingest(), made.ingest("failed", "partial", "outdated"):
        assert worker.look(made.videos[A]).what == "skipped"
        assert worker.take(made.videos[A]).what == "skipped"
        assert worker.take(replace(made.videos[A], event="again")).what == "skipped"
    assert names(IMAGES) == before
    assert vidset("forget", A, *made.named, "--dry-run").refusal.startswith(
        f"{A}: wanted a video of {IMAGES}"
    )


def test_another_generation_of_a_video_keeps_its_rows_and_images(made, gcs, tmp_path):
    """A ledger is never cut by the uri alone: no sync would bring the others back."""
    again = put_video(gcs, A, tmp_path / "b.mp4")
    received = datetime(2026, 5, 1, tzinfo=UTC)
    worker = made.ingest()
    extraction = worker.take(replace(again, uploaded_at=received)).extraction
    assert extraction is not None
    worker.ledger.commit([extraction])
    found = opened(made).find(Choice((A,)), "eve")
    first = made.videos[A].generation
    only = replace(found, videos=tuple(e for e in found.videos if e.generation == first))
    journal = replace(only, image_names={
        id_: name for id_, name in found.image_names.items() if f"/{first}/" in name
    })  # fmt: skip
    receipt = opened(made).forget(journal)
    assert receipt.left == {}
    assert "videos" not in receipt.deleted  # The upload is another one by now.
    assert worker.ledger.find(again.video_uri, again.generation) is not None
    assert len(worker.ledger.frames(again.video_uri, again.generation)) == 2
    assert {name for name in names(IMAGES) if name.startswith("cam1/")} == {
        f"cam1/a/{again.generation}/{second:010d}.jpg" for second in (0, 1000)
    }


def test_images_below_a_place_are_found_and_kept_out_too(made, gcs):
    """As `vidset watch -o gs://data --ledger bq://...` has stored them."""
    gcs.make_bucket("data")
    made.ingest().ledger.reopen(made.videos[A].video_uri, made.videos[A].generation)
    erased = [("frames", "video_uri", [made.videos[A].video_uri])]
    assert list(erase_rows(made.ledger, erased, is_dry=False)) == [("frames", 2)]
    worker = Ingest(SETTINGS, "gs://data/images", made.ledger)
    extraction = worker.take(made.videos[A]).extraction
    assert extraction is not None
    worker.ledger.commit([extraction])
    assert len(names("gs://data/images")) == 2
    refused = vidset("forget", A, *made.named, "--yes")
    assert "wanted an image that a job with --images gs://images has stored" in refused.refusal
    called = vidset("forget", A, "-p", "gs://data", *made.named[2:], "--yes", "--keep-source")
    assert called.code == 0, called.err
    assert [name for name in names("gs://data") if not name.startswith("forgotten/")] == []
    assert Ingest(SETTINGS, "gs://data/images", made.ledger).take(made.videos[A]).what == "skipped"


def test_what_it_writes_beside_the_images_is_taken_for_none(made):
    vidset("forget", A, *made.named, "--keep-tasks", "--yes")
    written = {each for each in names(IMAGES) if each.startswith("forgotten/")}
    assert len(written) == 2
    for name in (*written, "forgotten/.journal.json"):
        attributes = {"eventType": "OBJECT_FINALIZE", "bucketId": "images", "objectId": name}
        told = image_of_event({"message": {"attributes": attributes}}, IMAGES)
        assert told == f"{IMAGES}/{name} is not named like an image"
    assert {name for name in names(COPIES) if name.endswith(".jpg")} == {
        name for name in names(IMAGES) if name.endswith(".jpg")
    }


def test_a_stopped_call_is_gone_on_with_by_the_ledger_and_the_store_that_it_had(made):
    write_journal(IMAGES, opened(made).find(Choice((A,)), "eve"))
    for option, other in ("--warehouse", "bq://other.vidset"), ("--store", "sqlite:other"):
        refused = vidset("forget", "-p", IMAGES, option, other, "--yes")
        assert refused.code == 2
        assert f"{option} {other}: an earlier call was stopped, which went by" in refused.refusal
    called = vidset("forget", "-p", IMAGES, "--keep-tasks", "--yes", "--json")
    assert (called.code, called.found["left"]) == (0, {}), called.err
    assert list(traces_of(made, A)) == []
    assert read_journal(IMAGES) is None


@pytest.mark.parametrize("number", some(range(len(STEPS)), 5))
def test_a_process_that_is_killed_after_any_step_is_finished_by_the_next(
    made, number, gcs, bigquery, firestore
):
    from tests.forgetting.killed import forget_again, kill_after_step

    others = Counter(traces_of(made, B))
    servers = gcs.environment | bigquery.environment | firestore.environment
    kill_after_step(made.project, number, servers)
    assert read_journal(IMAGES) is not None
    # The video is kept out from the tombstone on, whether its rows are still there or not.
    assert made.ingest().take(made.videos[A]).what in ("skipped", "missing")
    # Whoever goes on need not name the ledger and the store again.
    receipt = forget_again(with_named(Project(IMAGES, environment={}), None, None))
    assert receipt is not None
    assert receipt.left == {}
    assert list(traces_of(made, A)) == []
    assert Counter(traces_of(made, B)) == others
    [kept] = open_store(f"{IMAGES}/forgotten/receipts").list()
    told = json.loads(open_store(f"{IMAGES}/forgotten/receipts").read(kept.name))
    assert (told["found"]["images"], told["found"]["rows of frames"]) == (2, 2)
    assert read_journal(IMAGES) is None


@pytest.mark.parametrize(
    ("place", "ledger", "store", "said"),
    [
        pytest.param(IMAGES, "warehouse", "sqlite:x", "wanted bq://PROJECT.DATASET", id="folder"),
        pytest.param(f"{IMAGES}/part", None, "sqlite:x", "wanted the bucket of images", id="part"),
        pytest.param(IMAGES, None, None, "wanted --store firestore://PROJECT", id="no store"),
    ],
)
def test_what_would_leave_something_is_refused(made, place, ledger, store, said):
    with pytest.raises(ValueError, match=said):
        with_named(Project(place, environment={}), ledger or made.ledger, store)


def test_images_of_another_bucket_are_refused_before_anything_is_deleted(made, gcs):
    gcs.make_bucket("others")
    named = ("-p", "gs://others", *made.named[2:])
    refused = vidset("forget", A, *named, "--yes")
    assert refused.code == 2
    assert "wanted an image that a job with --images gs://others has stored" in refused.refusal
    assert names("gs://others") == set()


@pytest.mark.parametrize(
    ("images", "place"),
    [
        pytest.param("gs://images", "gs://images", id="a bucket of that name"),
        pytest.param("gs://data/images/", "gs://data", id="below a place"),
        pytest.param("gs://data/part", "gs://data/part", id="a part"),
    ],
)
def test_tombstones_lie_in_the_place_of_the_images(gcs, images, place):
    gcs.make_bucket(place.removeprefix("gs://").partition("/")[0])
    key = ledger_key("gs://uploads/a.mp4", "1")
    open_store(f"{place}/forgotten").put(f"{key}.json", b"{}", "application/json")
    found = tombstones_of(images, "bq://project.vidset")
    assert found.has("gs://uploads/a.mp4", "1")
    assert not found.has("gs://uploads/a.mp4", "2")
