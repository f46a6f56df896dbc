"""What the collector's tool leaves, as the ingest job reads it."""

import hashlib

import pytest

from tests.upload.recordings import recording, upload
from vidset.elements import Upload
from vidset.intake.gcs_events import parse_event
from vidset.storage.folder import FolderStore
from vidset.upload import containers, naming, probing
from vidset.upload.destination import Target
from vidset.upload.folder import FolderDestination
from vidset.upload.settings import Place
from vidset.upload.source import Source
from vidset.uploads import EventFilter, collector_of, is_video
from vidset.video import opening as ingest

# Each that `extension_of` can give.
EXTENSIONS = [
    *("mp4", "mov", "3gp", "3g2", "mkv", "webm", "ts", "m2ts", "avi", "flv", "mxf", "nut", "ivf"),
    *("m4v", "h264", "obu", "dv", "rm", "gif", *containers._EXTENSIONS.values()),
]


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_every_upload_is_a_video_to_ingest(extension):
    assert is_video(f"cam1/2025-03-04/x.{extension}", naming.content_type(extension))


def test_the_containers_that_are_probed_are_those_that_ingest_opens():
    assert probing.CONTAINERS == ingest._CONTAINERS


def test_the_first_folder_of_a_name_is_the_collector():
    name = "cam1/2025-03-04/00112233445566778899aabbccddeeff.mp4"
    assert collector_of(name, None) == "cam1"


@pytest.mark.emulator
def test_an_upload_s_notification_tells_its_collector(gcs_with_events, tmp_path):
    gcs_with_events.make_bucket("uploads")
    path = recording(tmp_path / "a.mp4")
    ended = upload(
        path, "--to", "gs://uploads/fleet", "--collector", "cam1", "--state", tmp_path / "state"
    )
    assert ended.code == 0, ended.stderr
    (event,) = gcs_with_events.pubsub.pull_all(gcs_with_events.subscription, count=1)
    found = parse_event(event.data, event.attributes, EventFilter(prefix="fleet/"), "s")
    assert isinstance(found, Upload)
    assert (found.uri, found.collector_id) == (ended.file["uri"], "cam1")
    assert found.size_bytes == path.stat().st_size


@pytest.mark.emulator
def test_ingest_knows_a_small_upload_s_generation_without_reading_it(s3, tmp_path):
    from vidset.storage.s3 import S3Store

    s3.make_bucket("uploads")
    path = recording(tmp_path / "a.mp4")
    ended = upload(
        path, "--to", "s3://uploads", "--collector", "cam1", "--state", tmp_path / "state"
    )
    uri = ended.file["uri"]
    name = uri.removeprefix("s3://uploads/")
    found = S3Store("uploads").identify(Upload(uri=uri, name=name))
    assert found.generation == hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def test_ingest_does_not_see_what_is_half_uploaded(tmp_path):
    path, root = recording(tmp_path / "a.mp4"), tmp_path / "uploads"
    root.mkdir()
    with Source(path) as source:
        digests = source.digest(lambda _: None)
        name = "cam1/2025-03-04/x.mp4"
        target = Target(name, "video/mp4", {}, source.size_bytes, digests)
        place = Place("file", str(root))
        session = FolderDestination(place).open(target, source, None, lambda _: None)
        assert [each for each in root.rglob("*") if each.is_file()]
        assert list(FolderStore(str(root)).list()) == []
        session.close()
