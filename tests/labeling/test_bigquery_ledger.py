from dataclasses import replace

import pytest
from google.api_core.exceptions import NotFound

from tests.bigquery_ledger import FAILED, Cloud
from tests.ledger.test_ledger import DROPPED, FRAME, VIDEO
from vidset.elements import Extraction
from vidset.labeling.bigquery_ledger import BigqueryLedger
from vidset.labeling.ledgers import open_ledger
from vidset.labeling.task import Image
from vidset.ledger import open as places


def extraction(letter: str, *seconds: float, **of_the_frames: str) -> Extraction:
    """Of a video whose first sample was kept, as were those at these seconds."""
    uri = f"gs://uploads/{letter}.mp4"
    kept = [
        replace(
            FRAME,
            video_uri=uri,
            pts_seconds=at,
            image_id=f"{letter}-{at:g}",
            image_uri=f"gs://images/{letter}/17/{round(at * 1000):010d}.jpg",
        )
        for at in (0, *seconds)
    ]
    dropped = replace(DROPPED, video_uri=uri, pts_seconds=0.5)
    frames = [replace(frame, **of_the_frames) for frame in [*kept, dropped]]
    return Extraction(replace(VIDEO, video_uri=uri), tuple(frames))


def image(letter: str, at: int) -> Image:
    uri = f"gs://images/{letter}/17/{at * 1000:010d}.jpg"
    return Image(f"{letter}-{at}", uri, FRAME.width, FRAME.height)


@pytest.fixture
def cloud(bigquery) -> Cloud:
    return Cloud(bigquery)


def images(bigquery) -> list[Image]:
    ledger = open_ledger(f"bq://{bigquery.project}.vidset")
    assert isinstance(ledger, BigqueryLedger)
    return sorted(ledger.images(), key=lambda image: image.id)


@pytest.mark.emulator
def test_the_kept_images_of_committed_videos_are_found(cloud, bigquery):
    places.open_ledger(cloud.uri).commit([extraction("a", 2), extraction("b"), FAILED])
    assert images(bigquery) == [image("a", 0), image("a", 2), image("b", 0)]


@pytest.mark.emulator
def test_frames_without_their_videos_row_do_not_count(cloud, bigquery):
    ledger = places.open_ledger(cloud.uri)
    ledger.commit([extraction("a", 2), extraction("b"), extraction("c")])
    bigquery.rows("DELETE FROM vidset.videos WHERE video_uri = 'gs://uploads/a.mp4'")
    bigquery.rows("UPDATE vidset.videos SET generation = '18' WHERE video_uri LIKE '%/b.mp4'")
    assert images(bigquery) == [image("c", 0)]


@pytest.mark.emulator
def test_frames_of_other_settings_than_their_videos_do_not_count(cloud, bigquery):
    places.open_ledger(cloud.uri).commit([extraction("a"), extraction("b")])
    bigquery.rows("UPDATE vidset.frames SET settings_id = 't' WHERE video_uri LIKE '%/a.mp4'")
    assert images(bigquery) == [image("b", 0)]


@pytest.mark.emulator
def test_an_empty_ledger_has_no_images(cloud, bigquery):
    assert images(bigquery) == []


@pytest.mark.emulator
def test_more_images_than_a_page_are_all_found(cloud, bigquery):
    places.open_ledger(cloud.uri).commit([extraction("a", *range(1, 6000))])
    found = images(bigquery)
    assert len(found) == len({image.id for image in found}) == 6000


@pytest.mark.emulator
def test_a_ledger_that_is_not_there_is_told(bigquery):
    with pytest.raises(NotFound, match="nowhere"):
        list(open_ledger(f"bq://{bigquery.project}.nowhere").images())


@pytest.mark.parametrize(
    "uri", ["bq://project", "bq://", "bq:project.dataset", "gs://images", "project.dataset", ""]
)
def test_a_uri_that_is_no_dataset_is_refused(uri):
    with pytest.raises(ValueError, match=r"wanted bq://PROJECT\.DATASET, got "):
        open_ledger(uri)
