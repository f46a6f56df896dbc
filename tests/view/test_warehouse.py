"""The page on the tables of a BigQuery dataset: the same as on the place that they are of."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.bigquery_ledger import FAILED, A, B, of
from tests.cli.called import vidset
from tests.cli.dataset.outputs import CAR, add_video, export, to_bigquery
from tests.cli.errors.samples import make_case
from tests.view.catalogs import catalog_of, numbers_by_uri
from tests.view.conftest import Server
from vidset.elements import Extraction
from vidset.ledger.open import open_ledger
from vidset.storage.open import open_store
from vidset.tags import Mark, write_mark
from vidset.view import images, samples

pytestmark = pytest.mark.emulator
# What the page knows of an image, but for its number.
_IMAGES = "SELECT * EXCLUDE (n, alike, objects, predicted) FROM images ORDER BY image_id"


def make_whole(place: Path, to: Path) -> Path:
    """The place with labels, predictions, marks, versions and a run; it may be changed."""
    shutil.copytree(
        place, to, ignore=shutil.ignore_patterns("cache", "tags", "warehouse", "selections")
    )
    make_case(to)
    (to / "runs").mkdir()
    (to / "run").rename(to / "runs" / "r1")
    epoch = {"epoch": 1, "train_loss": 0.7, "seconds": 2.5}
    scores = {"validation": {"accuracy": 0.625}}
    (to / "runs" / "r1" / "history.jsonl").write_text(json.dumps({**epoch, "scores": scores}))
    with catalog_of(to) as catalog:
        [first, second, *_] = [row["image_id"] for row in catalog.rows(_IMAGES)]
    store = open_store(f"{to}/tags")
    for at, (ids, is_set) in enumerate([((first, second), True), ((second,), False)]):
        marked_at = datetime(2026, 1, 1, 0, at, tzinfo=UTC)
        write_mark(store, Mark("look again", ids, is_set, "ann", marked_at))
    done = vidset("sync", "-p", to, "-q")
    assert done.code == 0, done.err
    return to


def test_the_page_says_of_the_tables_what_it_says_of_the_place(place, dataset, tmp_path):
    whole = make_whole(place, tmp_path / "whole")
    to_bigquery(whole, dataset)
    bare = tmp_path / "bare"
    bare.mkdir()
    with catalog_of(whole) as ours, catalog_of(bare, dataset) as theirs:
        assert theirs.problems == []
        for question in (
            _IMAGES,
            "SELECT * FROM videos ORDER BY video_uri",
            "SELECT * EXCLUDE (n) FROM samples ORDER BY video_uri, pts_seconds",
            "SELECT * EXCLUDE (error) FROM tasks ORDER BY image_id",
        ):
            wanted, found = ours.rows(question), theirs.rows(question)
            assert len(wanted) > 0 or "tasks" in question
            assert found == wanted
        assert samples.count_samples(theirs).reasons == samples.count_samples(ours).reasons
        numbers = [[row["n"] for row in each.rows("SELECT n FROM images ORDER BY image_id")]
                   for each in (ours, theirs)]  # fmt: skip
        drawn = [
            [_drawn(row) for row in images.describe_all(catalog, some)]
            for catalog, some in zip((ours, theirs), numbers, strict=True)
        ]
        assert drawn[0] == drawn[1]
        assert sum(len(boxes) for boxes, _ in drawn[1]) == 7
        assert [row["tags"] for row in theirs.rows(_IMAGES)][:2] == [["look again"], []]


def _drawn(row: dict) -> tuple:
    """What of an image is drawn: the boxes of its labels and of its predictions."""
    boxes = [[(e["label"], e["box"]["x"], e["box"]["width"]) for e in row[name]]
             for name in ("objects", "predicted")]  # fmt: skip
    return boxes[0], [*boxes[1], *(each["score"] for each in row["predicted"])]


def test_the_server_has_versions_and_runs_of_the_tables_and_images_of_the_place(
    place, dataset, tmp_path
):
    whole = make_whole(place, tmp_path / "whole")
    to_bigquery(whole, dataset)
    shutil.copytree(whole / "images", tmp_path / "bare" / "images")
    ours, theirs = Server(whole), Server(tmp_path / "bare", "--warehouse", dataset)
    try:
        webs = [httpx.Client(base_url=each.url, timeout=600, trust_env=False)
                for each in (ours, theirs)]  # fmt: skip
        told, overview = (each.get("/api/overview").json() for each in webs)
        names = ("videos", "samples", "kept", "dropped", "annotations", "tasks", "failed")
        assert {name: overview[name] for name in names} == {name: told[name] for name in names}
        assert [each["id"] for each in overview["versions"]] == [
            each["id"] for each in told["versions"]
        ]
        assert (overview["warehouse"], overview["next"], overview["has_differences"]) == (
            dataset, None, False,
        )  # fmt: skip
        assert told["has_differences"] is True
        shown, found = (each.get("/api/versions").json() for each in webs)
        assert [each["version"] for each in found] == [each["version"] for each in shown]
        assert [each["names"] for each in found] == [each["names"] for each in shown]
        for each in shown:
            asked = {"name": each["version"]}
            one, other = (web.get("/api/version", params=asked).json() for web in webs)
            for name in "images", "splits", "labels":
                assert other[name] == one[name]
        one, other = (each.get("/api/runs").json()[0] for each in webs)
        for name in "run", "model", "version", "state", "best_epoch", "splits", "epochs":
            assert other[name] == one[name]
        assert [each["scores"] for each in other["history"]] == [
            each["scores"] for each in one["history"]
        ]
        told = {"measure": "accuracy", "split": "validation", "images": None, "value": 0.625}
        assert other["score"] == {**told, "interval": None}
        pictures = {each.get("/image/0").content[:2] for each in webs}
        assert pictures == {b"\xff\xd8"}
        refused = webs[1].get("/api/version", params={"name": "nothing"})
        assert (refused.status_code, "there is no version 'nothing'" in refused.text) == (400, True)
    finally:
        ours.end()
        theirs.end()


def test_new_videos_are_taken_by_a_query_and_images_keep_their_numbers(cloud, tmp_path):
    ledger = open_ledger(cloud.uri)
    ledger.commit([A, B, *(of(f"gs://uploads/{n}.mp4") for n in range(6))])
    with catalog_of(tmp_path, cloud.uri) as catalog:
        before, revision = numbers_by_uri(catalog), catalog.revision
        assert len(before) == 16
        assert not catalog.refresh()
        assert catalog.warehouse.dataset.queries == 0
        ledger.commit([of("gs://uploads/new.mp4"), FAILED])
        assert catalog.refresh()
        assert catalog.warehouse.dataset.queries == 1
        after = numbers_by_uri(catalog)
        assert {key: after[key] for key in before} == before
        assert len(after) == 18
        assert samples.count_samples(catalog).videos == {"done": 9, "failed": 1}
        assert (catalog.epoch, catalog.revision) == (0, revision + 1)


def test_a_video_that_is_gone_or_was_extracted_again_gives_images_other_numbers(cloud, tmp_path):
    ledger = open_ledger(cloud.uri)
    ledger.commit([A, B])
    with catalog_of(tmp_path, cloud.uri) as catalog:
        again = replace(A.video, settings_id="other", samples=1, kept=1)
        [first, _] = A.frames
        ledger.reopen(A.video.video_uri, A.video.generation)
        ledger.commit([Extraction(again, (replace(first, settings_id="other"),), replaces=True)])
        assert catalog.refresh()
        assert (catalog.epoch, len(numbers_by_uri(catalog))) == (1, 3)
        ledger.reopen(B.video.video_uri, B.video.generation)
        assert catalog.refresh()
        assert (catalog.epoch, len(numbers_by_uri(catalog))) == (2, 1)


def test_rows_that_two_workers_left_twice_count_once(cloud, bigquery, tmp_path):
    open_ledger(cloud.uri).commit([A, B])
    for table in "frames", "videos":
        where = f"WHERE video_uri = '{A.video.video_uri}'"
        bigquery.rows(f"INSERT INTO vidset.{table} SELECT * FROM vidset.{table} {where}")  # noqa: S608
    assert len(cloud.frames()) == 6
    with catalog_of(tmp_path, cloud.uri) as catalog:
        assert len(numbers_by_uri(catalog)) == 4
        assert [row["n"] for row in catalog.rows("SELECT COUNT(*) AS n FROM frames")] == [4]
        assert samples.count_samples(catalog).videos == {"done": 2}


def test_labels_are_followed_also_where_some_are_deleted(dataset, bigquery, tmp_path):
    out = tmp_path / "out"
    add_video(out, "ann/a.mp4", [1, 2, 3])
    names = [f"ann/a/0/000000{n}000.jpg" for n in range(3)]
    to_bigquery(export(out, {names[0]: (CAR,)}), dataset)
    with catalog_of(out, dataset) as catalog:
        states = lambda: images.count_states(catalog, "annotations")  # noqa: E731
        assert states() == {"labeled": 1}
        export(out, {names[1]: (CAR,), names[2]: ()})
        done = vidset("sync", "-p", out, "--warehouse", dataset, "-q", "--full")
        assert done.code == 0, done.err
        assert catalog.refresh()
        assert states() == {"labeled": 3}
        assert catalog.warehouse.dataset.queries == 1
        # One is gone and another one is new at once: there are as many as before.
        annotations = "vidset.annotations"
        bigquery.rows(f"DELETE FROM {annotations} WHERE image_uri LIKE '%0000000000.jpg'")  # noqa: S608
        bigquery.rows(
            f"INSERT INTO {annotations} SELECT * REPLACE ('{'f' * 32}' AS image_id, "  # noqa: S608
            f"CURRENT_TIMESTAMP() AS written_at) FROM {annotations} LIMIT 1"
        )
        assert catalog.refresh()
        assert states() == {"labeled": 3}
        assert len(catalog.rows("SELECT 1 AS n FROM images WHERE state = 'labeled'")) == 2
        bigquery.rows(f"DELETE FROM {annotations} WHERE TRUE")  # noqa: S608
        assert catalog.refresh()
        assert states() == {}


def test_a_tag_of_the_page_holds_beside_those_of_the_table(place, dataset, tmp_path):
    whole = make_whole(place, tmp_path / "whole")
    to_bigquery(whole, dataset)
    shutil.copytree(whole / "images", tmp_path / "bare" / "images")
    running = Server(tmp_path / "bare", "--warehouse", dataset)
    try:
        with httpx.Client(base_url=running.url, timeout=600, trust_env=False) as web:
            origin = {"origin": running.url.rstrip("/")}
            asked = {"tag": "mine", "is_set": True, "images": [0]}
            assert web.post("/api/tags", json=asked, headers=origin).status_code == 200
            tags = {each["value"]: each["images"] for each in web.get("/api/facets").json()["tag"]}
    finally:
        running.end()
    assert tags == {"look again": 1, "mine": 1}
    assert len(list((tmp_path / "bare" / "tags").glob("*.json"))) == 1


def test_images_of_beam_lie_in_a_bucket_of_their_own_and_nothing_else_of_it_is_shown(
    dataset, gcs, tmp_path, bigquery
):
    gcs.make_bucket("images")
    out = tmp_path / "out"
    add_video(out, "ann/a.mp4", [1, 2], bucket="images")
    to_bigquery(export(out, {}), dataset)
    open_store("gs://images").put("secret.json", b"{}", "application/json")
    with catalog_of("gs://images", dataset) as catalog:
        assert len(catalog.rows(_IMAGES)) == 2
    server = _server("gs://images", dataset)
    try:
        with httpx.Client(base_url=server.url, timeout=600, trust_env=False) as web:
            assert [web.get(f"/image/{n}").content[:2] for n in (0, 1)] == [b"\xff\xd8"] * 2
            assert len(web.get("/thumbnails", params={"n": "0,1"}).content) > 1000
    finally:
        server.end()
    bigquery.rows("UPDATE vidset.frames SET image_uri = 'gs://images/secret.json' WHERE TRUE")
    server = _server("gs://images", dataset)
    try:
        with httpx.Client(base_url=server.url, timeout=600, trust_env=False) as web:
            answer = web.get("/image/0")
    finally:
        server.end()
    assert (answer.status_code, "wanted a JPEG file below gs://images/" in answer.text) == (
        404, True,
    )  # fmt: skip


def _server(place: str, dataset: str) -> Server:
    return Server(place, "--warehouse", dataset)  # type: ignore[arg-type]


def test_an_export_of_the_tables_is_whole(place, dataset, tmp_path):
    whole = make_whole(place, tmp_path / "whole")
    to_bigquery(whole, dataset)
    shutil.copytree(whole / "images", tmp_path / "bare" / "images")
    done = vidset(
        "view", tmp_path / "bare", "--warehouse", dataset, "--export", tmp_path / "page", "--json"
    )
    assert (done.code, done.found["problems"], done.found["images"]) == (0, [], 13), done.err
