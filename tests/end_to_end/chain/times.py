"""How long after its upload a video has tasks, answers, rows and a place in a version."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.end_to_end.chain.links import Chain


def now() -> datetime:
    return datetime.now(UTC)


def lines(
    chain: Chain, frames: Sequence[Mapping[str, Any]], exported: datetime, created: datetime
) -> Iterator[str]:
    """A line for each video, in seconds since its object was there.

    Answers are given at once when all tasks are there, and the export begins when all answers are:
    annotators and timers take longer.
    """
    client, documents = chain.deployed.servers.cloud.client(), chain.documents()
    yield "seconds after, images  first task  last task  last answer   rows  version"
    for each in chain.recordings:
        blob = client.bucket("uploads").get_blob(each.upload_name)
        assert blob is not None
        uploaded = blob.time_created
        assert uploaded is not None
        ids = [row["image_id"] for row in frames if row["kept"] and row["video_uri"] == each.uri]
        tasks = [documents["tasks"][id_] for id_ in ids]
        sent = [_time(task["dispatched_at"]) for task in tasks]
        answered = max(_time(task["completed_at"]) for task in tasks)
        seconds = [
            (moment - uploaded).total_seconds()
            for moment in (min(sent), max(sent), answered, exported, created)
        ]
        yield f"{each.path.name[:14]:14} {len(ids):4}  " + "  ".join(
            f"{each:9.1f}" for each in seconds
        )


def _time(value: Any) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
