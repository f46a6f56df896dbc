"""Finds what a run is about: the videos of all its inputs, each once, that are of its shard."""

from collections import Counter

from vidset.elements import Upload
from vidset.intake.listing import list_uploads, streams_of
from vidset.intake.progress import Progress
from vidset.intake.request import Request
from vidset.settings import ExtractionSettings


def find_uploads(
    request: Request,
    collector_id: str | None,
    settings: ExtractionSettings,
    progress: Progress,
    passed_over: Counter[str],
) -> dict[str, Upload | None]:
    """Return each upload once, however many inputs name it; with spans, those that have some.

    Those of other shards are None. The key of an upload is its video_uri, "#" and its generation.

    Args:
        passed_over: what is no video is counted here, by its kind.
    """
    for uri in settings.spans or ():  # Until it is found.
        progress.note(uri, "has spans, and is not among the inputs")
    uploads: dict[str, Upload | None] = {}
    for pattern in request.inputs:
        for file in list_uploads(pattern, collector_id, passed_over):
            for upload in streams_of(file, request.stream, settings):
                key = f"{upload.video_uri}#{upload.generation or ''}"
                if key in uploads:
                    continue
                progress.forget(upload.video_uri)
                is_ours = request.shard is None or request.shard.has(upload.name)
                uploads[key] = upload if is_ours else None
                progress.add(videos_found=int(is_ours))
    return uploads
