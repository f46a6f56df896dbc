"""Which objects of a store are uploads: by name and content type, whoever tells of them."""

from dataclasses import dataclass
from typing import Literal

PassedOver = Literal["event_type", "directory", "prefix", "own_output", "content_type"]


# fmt: off
VIDEO_EXTENSIONS = frozenset({
    "264", "265", "3g2", "3gp", "asf", "avi", "dv", "flv", "gif", "h264", "h265", "hevc", "ivf",
    "m2ts", "m2v", "m4v", "mjpeg", "mjpg", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "mxf", "nut",
    "obu", "ogm", "ogv", "ts", "vob", "webm", "wmv",
})
# fmt: on


# fmt: on
# What browsers and tools send when they do not know: the extension decides then.
_UNKNOWN_TYPES = frozenset({None, "", "application/octet-stream", "binary/octet-stream"})


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which objects are uploads.

    Attributes:
        prefix: what the names of uploads begin with.
        outputs: gs:// uris of what the job itself writes, which may lie in the uploads bucket.
        collector_id: of every upload; None takes it from the object.
    """

    prefix: str = ""
    outputs: tuple[str, ...] = ()
    collector_id: str | None = None


def is_video(name: str, content_type: str | None) -> bool:
    """By the content type; by the extension where that says nothing."""
    if content_type in _UNKNOWN_TYPES:
        return has_video_extension(name)
    return str(content_type).lower().startswith("video/")


def has_video_extension(name: str) -> bool:
    return name.rpartition(".")[2].lower() in VIDEO_EXTENSIONS and "." in name


def collector_of(name: str, metadata: object) -> str | None:
    """The object's custom metadata `collector_id`, or the first folder of its name."""
    if isinstance(metadata, dict) and isinstance(metadata.get("collector_id"), str):
        return metadata["collector_id"]
    folder, slash, _ = name.partition("/")
    return folder if slash and folder else None
