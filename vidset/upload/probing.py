"""Looks at a recording before it is uploaded: what it is, when it was recorded, whether it decodes.

Only its first frame is decoded. What is cut short later on is worth uploading: ingest takes from a
damaged video what decodes.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import av
from av.error import FFmpegError
from av.stream import Disposition

from vidset.upload.containers import extension_of
from vidset.upload.errors import UploadFailedError

# Those that hold one video: the ones that ingest reads. Playlists could name other files.
CONTAINERS = (
    "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,flv,asf,ogg,mxf,nut,ivf,h264,hevc,obu,"
    "mjpeg,dv,rm,gif"
)
_OPTIONS = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
_MAX_PIXELS = 8192 * 4352
# How many packets may come before the first frame that decodes.
_MAX_PACKETS = 1000
# Clocks that were never set start in 1904 (MP4), 1970 (Unix) or 1980 (FAT).
_FIRST_YEAR = 1981


@dataclass(frozen=True, slots=True)
class Probe:
    """Attributes:
    extension: by the content; by the file's name if that says nothing.
    recorded_at: what the container says, else when the file was last changed. In UTC.
    problem: why it does not decode, or None.
    """

    extension: str
    recorded_at: datetime
    problem: str | None


def probe(path: Path) -> Probe:
    """Raises UploadFailedError if the file cannot be read at all."""
    try:
        changed_at = datetime.fromtimestamp(os.stat(path).st_mtime, UTC)
        with av.open(f"file:{path}", options=_OPTIONS, metadata_errors="replace") as container:
            return Probe(
                extension=extension_of(container.format.name, path),
                recorded_at=_creation_time(container.metadata) or changed_at,
                problem=_decode_one(container),
            )
    except FFmpegError as error:
        problem = f"not a readable video: {_text_of(error)}"
        return Probe(_own_extension(path), changed_at, problem)
    except OSError as error:
        raise UploadFailedError(f"cannot be read: {error.strerror}") from None
