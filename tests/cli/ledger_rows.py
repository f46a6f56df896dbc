"""Rows of the ledgers, of which a test says only what it is about."""

from typing import Any

from vidset.elements import FrameRow, VideoRow


def frame_row(**values: Any) -> FrameRow:
    """A sample that is kept, of which there is no image."""
    row = {
        "video_uri": "/v.mp4",
        "generation": "0",
        "collector_id": None,
        "pts_seconds": 0.0,
        "kept": True,
        "reason": "kept",
        "ssim": None,
        "local_change": None,
        "sharpness": 100.0,
        "brightness": 100.0,
        "phash": "0" * 16,
        "width": 640,
        "height": 360,
        "image_id": None,
        "image_uri": None,
        "image_sha256": None,
        "settings_id": "0",
    }
    return FrameRow(**row | values)


def video_row(**values: Any) -> VideoRow:
    """A video that is done, with a sample a second."""
    row = {
        "video_uri": "/v.mp4",
        "generation": "0",
        "collector_id": None,
        "size_bytes": 1,
        "container": "mp4",
        "codec": "h264",
        "width": 640,
        "height": 360,
        "rotation": 0,
        "sample_aspect_ratio": "1:1",
        "duration_seconds": float(values["samples"]),
        "status": "done",
        "error": None,
        "settings_id": "0",
    }
    return VideoRow(**row | values)
