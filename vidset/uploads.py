"""Decides which objects of a store are uploads: by name and content type, whoever tells of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

PassedOver = Literal["event_type", "bucket", "directory", "prefix", "own_output", "content_type"]
# As `vidset upload` takes it: it stands in names, tables and pages.
COLLECTOR_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


# fmt: off
VIDEO_EXTENSIONS = frozenset({
    "264", "265", "3g2", "3gp", "asf", "avi", "dv", "flv", "gif", "h264", "h265", "hevc", "ivf",
    "m2ts", "m2v", "m4v", "mjpeg", "mjpg", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "mxf", "nut",
    "obu", "ogm", "ogv", "ts", "vob", "webm", "wmv",
})
# What is certainly no video, and need not be looked into.
_OTHER_EXTENSIONS = frozenset({
    "7z", "aac", "avif", "bmp", "csv", "db", "flac", "gz", "heic", "heif", "htm", "html", "jpeg",
    "jpg", "json", "jsonl", "log", "m3u", "m3u8", "m4a", "md", "mp3", "mpd", "oga", "opus",
    "parquet", "pdf", "png", "pls", "py", "rar", "sqlite", "srt", "svg", "tar", "tif", "tiff",
    "toml", "txt", "vtt", "wav", "webp", "xml", "yaml", "yml", "zip",
})
# fmt: on
# Folders in which systems keep what nobody recorded.
_SYSTEM_FOLDERS = frozenset({"lost+found", "$recycle.bin", "system volume information", "@eadir"})
# What browsers and tools send when they do not know: the extension decides then.
_UNKNOWN_TYPES = frozenset({None, "", "application/octet-stream", "binary/octet-stream"})


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Decides which objects are uploads.

    Attributes:
        buckets: the names of the buckets that uploads come from; empty takes those of any bucket.
        prefix: what the names of uploads begin with.
        outputs: uris of what the job itself writes, which may lie in the uploads bucket.
        collector_id: the collector of every upload; None takes it from the object's name.
    """

    buckets: tuple[str, ...] = ()
    prefix: str = ""
    outputs: tuple[str, ...] = ()
    collector_id: str | None = None

    def passes_over(self, bucket: str, name: str, uri: str) -> PassedOver | None:
        """Returns why an object of this name is no upload; None if it may be one."""
        if self.buckets and bucket not in self.buckets:
            return "bucket"
        if name.endswith("/"):
            return "directory"
        if any(uri.startswith(output.rstrip("/") + "/") for output in self.outputs):
            return "own_output"
        return None if name.startswith(self.prefix) else "prefix"


def is_video(name: str, content_type: str | None) -> bool:
    """Decides by content type, or extension where that says nothing. Hidden files are none."""
    if is_hidden(name):
        return False
    if content_type in _UNKNOWN_TYPES:
        return has_video_extension(name)
    return str(content_type).lower().startswith("video/")


def has_video_extension(name: str) -> bool:
    return name.rpartition(".")[2].lower() in VIDEO_EXTENSIONS and "." in name


def is_other_extension(name: str) -> bool:
    """Returns whether the extension says that a file is certainly no video."""
    return name.rpartition(".")[2].lower() in _OTHER_EXTENSIONS and "." in name


def is_hidden(name: str) -> bool:
    """Returns whether a part of a name is a dotfile, a Mac's double, trash or a system's folder."""
    return any(
        (part.startswith(".") and part not in (".", "..")) or part.lower() in _SYSTEM_FOLDERS
        for part in name.split("/")
    )


def collector_of(
    name: str, metadata: Mapping[str, Any] | None = None, prefix: str = ""
) -> str | None:
    """The collector of an upload: the folder that the rights of its account are bound to.

    That is the first folder after `prefix`, what the names of all uploads begin with. The metadata
    `collector_id` can say nothing else, since whoever may write an object chooses its metadata; it
    only tells that the very first folder is meant, where `prefix` is the collector's own.

    Returns None where there is no such folder, or it is no collector's id.
    """
    first = _first_folder(name)
    if isinstance(metadata, Mapping) and first and metadata.get("collector_id") == first:
        return first
    return _first_folder(name.removeprefix(prefix) if prefix.endswith("/") else name)


def _first_folder(name: str) -> str | None:
    folder, slash, _ = name.partition("/")
    return folder if slash and COLLECTOR_ID.fullmatch(folder) else None
