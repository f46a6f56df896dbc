"""Stretches of video around images that went wrong, to be sampled more densely."""

from collections.abc import Iterable, Mapping
from typing import Any

MARGIN_SECONDS = 2.0


def merge_spans(
    images: Iterable[Mapping[str, Any]], margin_seconds: float = MARGIN_SECONDS
) -> dict[str, Any]:
    """{"spans": [{video_uri, start_seconds, end_seconds}]}: sorted, those that touch are one.

    Args:
        images: with video_uri and pts_seconds; what has none is passed over.
        margin_seconds: before and after each image; no span starts before 0.
    """
    times: dict[str, list[float]] = {}
    for image in images:
        if image["video_uri"] is not None and image["pts_seconds"] is not None:
            times.setdefault(image["video_uri"], []).append(image["pts_seconds"])
    spans = []
    for video_uri in sorted(times):
        merged: list[list[float]] = []
        for seconds in sorted(times[video_uri]):
            start, end = max(0.0, seconds - margin_seconds), seconds + margin_seconds
            if merged and start <= merged[-1][1]:
                merged[-1][1] = end
            else:
                merged.append([start, end])
        spans += [
            {
                "video_uri": video_uri,
                "start_seconds": round(start, 6),
                "end_seconds": round(end, 6),
            }
            for start, end in merged
        ]
    return {"spans": spans}
