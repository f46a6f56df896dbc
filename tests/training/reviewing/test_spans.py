import json
from fractions import Fraction

import pytest

from vidset.training.reviewing.spans import merge_spans
from vidset.video.spans import read_spans


def image(video_uri, pts_seconds):
    return {"video_uri": video_uri, "pts_seconds": pts_seconds}


def span(video_uri, start, end):
    return {"video_uri": video_uri, "start_seconds": start, "end_seconds": end}


@pytest.mark.parametrize(
    ("images", "spans"),
    [
        pytest.param([image("a", 10.0)], [span("a", 8.0, 12.0)], id="one"),
        pytest.param([image("a", 0.5)], [span("a", 0.0, 2.5)], id="at the start"),
        pytest.param(
            [image("a", 14.0), image("a", 10.0)], [span("a", 8.0, 16.0)], id="two that touch"
        ),
        pytest.param(
            [image("a", 10.0), image("a", 14.1)],
            [span("a", 8.0, 12.0), span("a", 12.1, 16.1)],
            id="two apart",
        ),
        pytest.param(
            [image("b", 3.0), image("a", 3.0)],
            [span("a", 1.0, 5.0), span("b", 1.0, 5.0)],
            id="two videos",
        ),
        pytest.param([image(None, None), image("a", None)], [], id="no video"),
    ],
)
def test_spans_lie_around_images_and_merge(images, spans):
    assert merge_spans(images, 2.0) == {"spans": spans}


def test_the_extraction_takes_the_spans(tmp_path):
    """What `vidset errors --spans` writes, `vidset extract --spans` reads."""
    path = tmp_path / "spans.json"
    path.write_text(json.dumps(merge_spans([image("gs://v/a.mp4", 10.1)], 2.0)))
    assert read_spans(str(path)) == {"gs://v/a.mp4": ((Fraction("8.1"), Fraction("12.1")),)}
