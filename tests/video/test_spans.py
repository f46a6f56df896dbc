"""Sampling parts of videos: the file, which samples, and the whole command."""

import json
from fractions import Fraction

import pytest

from tests.chaos.counts import but
from tests.decoded import samples
from tests.videos import ALIKE, INTACT, video
from vidset.beam.ingest_options import IngestOptions
from vidset.errors import UndecodableVideoError
from vidset.settings import ExtractionSettings
from vidset.video.decoding import Video
from vidset.video.sampling import Sampling
from vidset.video.spans import read_spans

TENTH = Fraction(1, 10)


def write(tmp_path, content):
    path = tmp_path / "spans.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def span(uri="gs://up/a.mp4", start=1.5, end=2.5):
    return {"video_uri": uri, "start_seconds": start, "end_seconds": end}


def test_read_spans_joins_what_overlaps_by_video(tmp_path):
    spans = [
        span(start=5, end=6),
        span(start=1.1, end=2),
        span(start=2, end=3),
        span("gs://up/b.mp4"),
    ]
    assert read_spans(write(tmp_path, {"spans": spans})) == {
        "gs://up/a.mp4": ((Fraction(11, 10), Fraction(3)), (Fraction(5), Fraction(6))),
        "gs://up/b.mp4": ((Fraction(3, 2), Fraction(5, 2)),),
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("{", "wanted spans in JSON", id="no JSON"),
        pytest.param([], "at least one span", id="a list"),
        pytest.param({"spans": []}, "at least one span", id="none"),
        pytest.param(
            {"spans": [span(), {"start_seconds": 1}]}, "span 1: wanted a video_uri", id="no video"
        ),
        pytest.param(
            {"spans": [span(start="1")]}, "span 0: wanted start_seconds and end_seconds", id="text"
        ),
        pytest.param({"spans": [span(start=3, end=2)]}, "got 3 and 2", id="backwards"),
        pytest.param({"spans": [span(start=-1)]}, "got -1 and 2.5", id="before the beginning"),
        pytest.param(
            '{"spans": [{"video_uri": "a", "start_seconds": 0, "end_seconds": NaN}]}',
            "as numbers",
            id="NaN",
        ),
    ],
)
def test_read_spans_names_file_and_span(tmp_path, content, message):
    with pytest.raises(ValueError, match=message) as refused:
        read_spans(write(tmp_path, content))
    assert "spans.json" in str(refused.value)


@pytest.mark.parametrize("name", but(ALIKE, INTACT))
def test_spans_choose_among_the_samples_of_the_whole_video(name):
    whole = samples(video(name), 0.1)
    # Edges between frames: what is on them, the times as floats do not tell.
    middle, last = whole.seconds[len(whole.seconds) // 2], whole.seconds[-1]
    edges = (max(middle - 0.003, 0), middle + 0.297), (max(last - 0.003, 0), last + 1)
    spans = tuple((Fraction(start), Fraction(end)) for start, end in edges)
    expected = [
        (seconds, picture.tobytes())
        for seconds, picture in zip(whole.seconds, whole.pictures, strict=True)
        if any(start <= seconds <= end for start, end in edges)
    ]
    with Video(str(video(name)), name) as opened:
        found = [
            (frame.pts_seconds, frame.rgb().tobytes())
            for frame in opened.sample(Sampling(TENTH, spans=spans))
        ]
    assert len(found) >= 1
    assert found == expected


def test_spans_past_the_end_are_named():
    with (
        Video(str(video("fps_12_5.mp4")), "a.mp4") as opened,
        pytest.raises(UndecodableVideoError, match="no frame lies in its spans"),
    ):
        list(opened.sample(Sampling(Fraction(1), spans=((Fraction(100), Fraction(200)),))))


def test_settings_without_spans_have_the_id_they_had_before_there_were_any():
    assert ExtractionSettings().settings_id == "e59bcaebe2926d3b"


def test_other_spans_are_other_settings():
    spans = {"a": ((Fraction(1), Fraction(2)),)}
    assert ExtractionSettings(spans=spans).settings_id != ExtractionSettings().settings_id


def test_a_streaming_job_takes_no_spans(tmp_path):
    options = IngestOptions(
        [
            "--input_subscription=projects/p/subscriptions/s",
            "--uploads_bucket=uploads",
            f"--images={tmp_path}",
            f"--ledger={tmp_path}",
            f"--dead_letters={tmp_path}",
            f"--spans={write(tmp_path, {'spans': [span()]})}",
        ]
    )
    with pytest.raises(ValueError, match="--spans needs --input"):
        options.settings()
