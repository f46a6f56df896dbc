"""Finds what a run is about: the videos of all its inputs, each once, that are of its shard."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field

from vidset.elements import Upload
from vidset.intake.backlog import Backlog
from vidset.intake.listing import list_uploads, streams_of
from vidset.intake.progress import Progress
from vidset.intake.request import Request
from vidset.settings import ExtractionSettings


@dataclass(slots=True)
class Found:
    """The videos of the inputs.

    Attributes:
        uploads: those of this run's shard; with spans, those that have some.
        in_other_shards: how many are the work of other runs.
        with_spans: the video_uris of those that have spans, of all shards.
    """

    uploads: Backlog = field(default_factory=Backlog)
    in_other_shards: int = 0
    with_spans: set[str] = field(default_factory=set)


def find_uploads(
    request: Request,
    collector_id: str | None,
    settings: ExtractionSettings,
    progress: Progress,
    passed_over: Counter[str],
) -> Found:
    """Find each upload once, however many inputs name it.

    Args:
        passed_over: what is no video is counted here, by its kind.
    """
    spans = settings.spans or {}
    for uri in spans:  # Until it is found.
        progress.note(uri, "has spans, and is not among the inputs")
    found, seen = Found(), set[bytes]()
    for pattern in request.inputs:
        for file in list_uploads(pattern, collector_id, passed_over):
            for upload in streams_of(file, request.stream, settings):
                key = _key(upload)
                if key in seen:
                    continue
                seen.add(key)
                if upload.video_uri in spans:
                    progress.forget(upload.video_uri)
                    found.with_spans.add(upload.video_uri)
                if request.shard is None or request.shard.has(upload.name):
                    found.uploads.append(upload)
                    progress.add(videos_found=1)
                else:
                    found.in_other_shards += 1
    return found


def _key(upload: Upload) -> bytes:
    """Return what tells an upload from others, in 16 bytes, for there may be a million."""
    text = f"{upload.video_uri}#{upload.generation or ''}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()[:16]
