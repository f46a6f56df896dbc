"""One chain of real servers, from collectors' disks to scores and back: each link is checked.

    vidset upload -> fake-gcs-server's events -> Pub/Sub -> the streaming job -> images' events
    -> a function for each vendor -> Label Studio, and the double of Scale AI -> callbacks
    -> Firestore -> the export job -> DuckDB and BigQuery -> a version -> train, evaluate, errors
    -> denser samples -> a second version -> compare; then everything is delivered once more

What was drawn in the rendered drives is known, so that samples, images, boxes and rows are compared
with it. Nobody knows what is in the real video: there, counts and a box that somebody drew are.
Where the real videos are not beside the checkout, the chain is pulled without one. Every link is
there: only Scale AI is a double, and emulators stand for Google Cloud.
"""

import hashlib
import json
import shutil

import pytest

from tests.paths import SHARED

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

REAL = SHARED / "videos" / "drive_carnd_test1_720p25_bframes.mp4"


@pytest.fixture
def servers(gcs_with_events, firestore, bigquery, label_studio):
    from tests.end_to_end.chain.servers import Servers
    from tests.labeling.vendors.scale.double import scale_double

    with scale_double() as scale:
        yield Servers(gcs_with_events, firestore, bigquery, label_studio, scale)


@pytest.fixture
def recordings(tmp_path):
    """Three drives whose truth is known, and a real video where there is one."""
    from tests.end_to_end.chain.drives import Recording, render_drives

    found = render_drives(tmp_path / "disks", ("car-1", "car-1", "car-2"))
    if REAL.exists():
        path = tmp_path / "disks" / "car-2" / REAL.name
        shutil.copyfile(REAL, path)
        found.append(Recording(path, "car-2", None))
    return found


def test_from_a_video_to_a_score_and_back(servers, recordings, tmp_path):
    from tests.end_to_end.chain import times
    from tests.end_to_end.chain.again import Events
    from tests.end_to_end.chain.links import Chain
    from tests.end_to_end.chain.servers import deployed

    with deployed(servers, tmp_path) as running:
        chain = Chain(running, recordings, tmp_path)
        try:
            events = Events(chain)
            _upload(chain)
            frames = chain.wait_for_rows(len(recordings))
            _check_frames(chain, frames)
            kept = [row for row in frames if row["kept"]]
            chain.wait_for_tasks(len(kept))
            assert chain.answer(frames) == len(kept)
            _check_labels(chain, kept)
            chain.export()
            exported = times.now()
            _check_warehouse(chain, kept, frames)
            created = chain.create("v0")
            _check_version(chain, created, kept)
            for line in times.lines(chain, frames, exported, times.now()):
                print(line)
            _check_bigquery(chain, created)
            later = _improve(chain, kept)
            events.gather()
            _deliver_again(chain, events, {"v0": created, "v1": later})
        finally:
            chain.close()


def _upload(chain):
    told = chain.upload()
    assert sum(each["uploaded"] for each in told) == len(chain.recordings)
    client = chain.deployed.servers.cloud.client()
    blobs = {blob.name: blob for blob in client.list_blobs("uploads")}
    assert set(blobs) == {each.upload_name for each in chain.recordings}
    for each in chain.recordings:
        assert blobs[each.upload_name].download_as_bytes() == each.path.read_bytes()


def _check_frames(chain, frames):
    from tests.end_to_end.chain.drives import DROPPED_SECONDS, KEPT_SECONDS
    from tests.end_to_end.jobs import objects, rows

    videos = {row["video_uri"]: row for row in rows("gs://ledger", "videos")}
    assert set(videos) == {each.uri for each in chain.recordings}
    assert {row["status"] for row in videos.values()} == {"done"}
    for each in chain.recordings:
        mine = [row for row in frames if row["video_uri"] == each.uri]
        assert {row["collector_id"] for row in mine} == {each.collector}
        if each.scene:
            decided = {row["pts_seconds"]: row["reason"] for row in mine}
            assert decided == {
                **dict.fromkeys(KEPT_SECONDS, "kept"),
                **dict.fromkeys(DROPPED_SECONDS, "near_duplicate"),
            }
        else:  # Six seconds of driving: no truth, but a sample a second, and the first is kept.
            assert len(mine) == 6
            assert min(mine, key=lambda row: row["pts_seconds"])["kept"]
    images = objects("gs://images")
    kept = {row["image_uri"].removeprefix("gs://images/"): row for row in frames if row["kept"]}
    assert set(images) == set(kept)
    for name, data in images.items():
        assert hashlib.sha256(data).hexdigest() == kept[name]["image_sha256"]


def _check_labels(chain, kept):
    """Each image went to its collector's vendor, who could open it, and came back as drawn."""
    from tests.end_to_end.chain.servers import VENDORS

    documents = chain.documents()
    ids = {row["image_id"] for row in kept}
    assert set(documents["tasks"]) == set(documents["annotations"]) == ids
    assert documents["quarantine"] == {}
    assert set(chain.annotators.seen) == ids
    sent = [*chain.annotators.studio_tasks(), *chain.deployed.servers.scale.tasks()]
    assert len(sent) == len(kept)
    by_uri = {each.uri: each for each in chain.recordings}
    for row in kept:
        seen, recording = chain.annotators.seen[row["image_id"]], by_uri[row["video_uri"]]
        task = documents["tasks"][row["image_id"]]
        annotation = documents["annotations"][row["image_id"]]
        assert seen.vendor == task["vendor"] == VENDORS[recording.collector]
        assert seen.sha256 == row["image_sha256"]
        assert task["image_uri"] == annotation["image_uri"] == row["image_uri"]
        # A vendor that is slow is asked again, and still makes one task: they are counted above.
        assert task["attempts"] >= 1
        assert annotation["revision"] == 1
        truth = recording.objects_at(row["pts_seconds"], row["width"], row["height"])
        assert [each["label"] for each in annotation["objects"]] == [label for label, _ in truth]
        for drawn, (_, box) in zip(annotation["objects"], truth, strict=True):
            assert drawn["box"] == pytest.approx(box, abs=1e-3)


def _check_warehouse(chain, kept, frames):
    found = chain.sql("SELECT image_id, revision FROM annotations")
    assert {row["image_id"]: row["revision"] for row in found} == {
        row["image_id"]: 1 for row in kept
    }
    [counts] = chain.sql(
        "SELECT (SELECT COUNT(*) FROM videos) AS videos, (SELECT COUNT(*) FROM frames) AS frames,"
        " (SELECT COUNT(*) FROM tasks WHERE state = 'completed') AS tasks,"
        " (SELECT COUNT(*) FROM objects) AS objects"
    )
    assert counts == {
        "videos": len(chain.recordings),
        "frames": len(frames),
        "tasks": len(kept),
        "objects": sum(each.objects for each in chain.annotators.seen.values()),
    }


def _check_version(chain, created, kept):
    """Each image once, by its bytes, with what was drawn; a video is on one side of the split."""
    version = chain.version("v0")
    assert created["images"] == len(kept) == len(version)
    assert created["left_out"] == created["leaks"] == created["dropped"] == []
    entries = {entry.image_sha256: entry for entry in version}
    sides: dict[str, set[str]] = {}
    for row in kept:
        entry = entries[row["image_sha256"]]
        assert entry.video_uri == row["video_uri"]
        assert entry.pts_seconds == row["pts_seconds"]
        assert len(json.loads(entry.objects)) == chain.annotators.seen[row["image_id"]].objects
        sides.setdefault(entry.video_uri, set()).add(entry.split)
    assert all(len(splits) == 1 for splits in sides.values())
    assert set.union(*sides.values()) == {"train", "validation", "test"}


def _check_bigquery(chain, created):
    """The warehouse in BigQuery gives the same version, and its job writes no image anew."""
    from tests.end_to_end.chain.again import objects_of

    before = objects_of(chain, "images")
    dataset = chain.export_to_bigquery()
    assert objects_of(chain, "images") == before
    again = chain.create("v0-bigquery", source=dataset)
    assert (again["version"], again["is_new"]) == (created["version"], False)


def _improve(chain, kept):
    """A score, its errors, more samples around them, a second version, and both compared."""
    from tests.end_to_end.chain import loop

    scored = loop.score(chain, "v0")
    validated = [entry for entry in chain.version("v0") if entry.split == "validation"]
    assert scored["results"]["validation"]["images"] == len(validated)
    spans = loop.find_errors(chain, "v0")
    wanted = loop.wanted_seconds(spans)
    before = {entry.image_uri: entry for entry in chain.version("v0")}
    assert wanted
    assert set(wanted) <= {entry.video_uri for entry in validated}
    frames = loop.sample_densely(chain, spans)
    for each in chain.recordings:
        found = {row["pts_seconds"] for row in frames if row["video_uri"] == each.uri}
        inside = {second for second in wanted.get(each.uri, ()) if second < 7.5}
        assert found == (inside if each.scene else found)
    new = {row["image_id"]: row for row in frames if row["image_uri"] not in before}
    assert 0 < len(new) < len(frames)
    chain.wait_for_tasks(len(before) + len(new))
    assert chain.answer(frames) == len(new)
    _check_labels(chain, [*kept, *new.values()])
    denser = chain.export(loop.DENSE_LEDGER, chain.folder / "denser")
    created = chain.create("v1", "--parent", "v0", source=f"warehouse:{denser}")
    after = {entry.image_uri: entry for entry in chain.version("v1")}
    assert before.items() <= after.items()
    assert {uri for uri in after if uri not in before} == {row["image_uri"] for row in new.values()}
    # The new images are of videos that the first version validates on, and stay on that side.
    assert {after[row["image_uri"]].split for row in new.values()} == {"validation"}
    scored = loop.score(chain, "v1")
    assert scored["results"]["validation"]["images"] == len(validated) + len(new)
    compared = loop.compare(chain, "v0", "v1")
    assert compared["baseline"]["reference"] == "v0"
    assert compared["candidate"]["reference"] == "v1"
    assert compared["images"] == len(validated) + len(new)
    # Both have learned from the same images, with the same seed: no difference is the truth.
    assert compared["best_epoch"]["difference"] == 0
    return created


def _deliver_again(chain, events, versions):
    """Uploads, events, callbacks, exports and versions once more: all is as it was."""
    from tests.end_to_end.chain.again import deliver_callbacks, state_of

    chain.export()  # The new labels as well.
    before = state_of(chain)
    assert sum(each["uploaded"] for each in chain.upload("other-state")) == 0
    events.deliver()
    assert set(deliver_callbacks(chain)) == {200}
    chain.export()
    after = state_of(chain)
    for link, found in before.items():
        assert after[link] == found, link
    again = chain.create("v0")
    assert (again["version"], again["is_new"]) == (versions["v0"]["version"], False)
