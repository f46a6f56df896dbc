import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.paths import ROOT
from tests.places import version_0_1 as known
from vidset.datasets.versions.repository import Repository
from vidset.datasets.versions.verify import verify
from vidset.labeling.annotation import Annotation
from vidset.labeling.stores.opening import open_store
from vidset.labeling.stores.store import Query
from vidset.parquet import read_parquet


def vidset(*arguments: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "vidset", *arguments, "--json"],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def rows(folder: Path) -> list[dict]:
    return [
        row
        for path in sorted(folder.glob("*.parquet"))
        for row in read_parquet(path.read_bytes()).to_pylist()
    ]


def test_the_ledgers_of_0_1_are_read(version_0_1):
    place = version_0_1 / "place"
    frames, videos = rows(place / "frames"), rows(place / "videos")
    assert len(frames) == known.SAMPLES
    assert sum(row["kept"] for row in frames) == known.IMAGES
    assert len(videos) == known.VIDEOS
    assert sum(row["status"] == "failed" for row in videos) == known.FAILED_VIDEOS


def test_the_store_of_0_1_is_read(version_0_1):
    store = open_store(f"sqlite:{version_0_1 / 'place' / 'labels.sqlite'}")
    found = [Annotation.from_document(one.document) for one in store.find(Query("annotations"))]
    assert Counter(one.state for one in found) == known.ANNOTATIONS
    assert Counter(each.label for one in found for each in one.objects) == known.LABELS
    tasks = Counter(one.document["state"] for one in store.find(Query("tasks")))
    assert tasks == known.TASKS
    assert len(list(store.find(Query("quarantine")))) == known.QUARANTINE
    store.close()


def test_a_version_cut_by_0_1_keeps_its_id_and_is_whole(version_0_1):
    repository = Repository(str(version_0_1 / "place" / "datasets"))
    assert repository.resolve("v0") == known.VERSION_ID
    manifest = repository.manifest(known.VERSION_ID)
    assert Counter(manifest.table["split"].to_pylist()) == known.SPLITS
    assert manifest.id == known.VERSION_ID
    found = verify(repository)
    assert (found.images, found.damage, found.strays) == (known.IMAGES_OF_VERSION, [], [])


def test_planning_and_status_work_on_a_place_of_0_1(version_0_1):
    place = str(version_0_1 / "place")
    assert vidset("label", "status", place)["labels"] == known.LABELS
    assert vidset("plan", place)["samples"] == known.SAMPLES


def test_what_0_1_exported_is_not_exported_again(version_0_1):
    place = str(version_0_1 / "place")
    done = vidset("sync", "-p", place)
    assert {name: one["changed"] for name, one in done["tables"].items()} == {
        "annotations": 0,
        "tasks": 0,
        "predictions": 0,
    }


def test_columns_of_0_1_are_still_there_with_their_types(version_0_1):
    for path in sorted((version_0_1 / "schemas").glob("*.json")):
        if path.name == "tables.json":
            continue
        today = ROOT / "infra" / "schemas" / path.name
        have = {each["name"]: each["type"] for each in json.loads(today.read_text())}
        for column in json.loads(path.read_text()):
            assert have[column["name"]] == column["type"]
