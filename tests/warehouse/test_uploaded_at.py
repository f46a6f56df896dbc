"""When a video was uploaded: from the store, into the rows of both ledgers."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from tests.storage.test_stores import place, read, upload_of  # noqa: F401 (a fixture)
from vidset.elements import Upload
from vidset.errors import UndecodableVideoError
from vidset.extraction import extract, failed
from vidset.ledger.open import open_ledger
from vidset.settings import ExtractionSettings
from vidset.storage.open import open_store

MOMENT = datetime(2026, 3, 1, 11, 59, 58, 250_000, tzinfo=UTC)


def test_a_stores_object_has_the_time_when_it_got_it(place):  # noqa: F811
    before = datetime.now(UTC) - timedelta(seconds=2)  # S3 tells whole seconds.
    store = open_store(place)
    store.put("a.mp4", b"data", "video/mp4")
    found, _ = read(store, upload_of(place, "a.mp4"))
    assert found.uploaded_at is not None
    assert before < found.uploaded_at < datetime.now(UTC) + timedelta(seconds=2)


def test_a_file_has_the_time_of_its_last_change(video):
    os.utime(video, ns=(0, int(MOMENT.timestamp() * 1_000_000) * 1_000 + 999))
    with open_store("/").open(Upload(str(video), "drive.mp4"), 0) as (found, _):
        assert found.uploaded_at == MOMENT


def test_all_rows_of_a_video_have_it(video, tmp_path):
    upload = Upload(str(video), "drive.mp4", "1", 5, uploaded_at=MOMENT)
    done = extract(upload, str(video), ExtractionSettings(), open_store(str(tmp_path / "images")))
    assert done.video.uploaded_at == MOMENT
    assert {row.uploaded_at for row in done.frames} == {MOMENT}
    error = UndecodableVideoError("no video stream", upload.uri)
    assert failed(upload, ExtractionSettings(), error).video.uploaded_at == MOMENT


@pytest.mark.parametrize("kind", ["files", pytest.param("table", marks=pytest.mark.emulator)])
def test_ledgers_keep_it(video, tmp_path, kind, request):
    place = tmp_path / "out" if kind == "files" else request.getfixturevalue("cloud").uri  # noqa: F811
    upload = Upload(str(video), "drive.mp4", "1", 5, uploaded_at=MOMENT)
    done = extract(upload, str(video), ExtractionSettings(), open_store(str(tmp_path / "images")))
    ledger = open_ledger(str(place))
    ledger.commit([done])
    found = ledger.find(str(video), "1")
    assert found is not None
    assert found["uploaded_at"] == MOMENT
