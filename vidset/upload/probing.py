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
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream

from vidset.upload.containers import extension_of
from vidset.upload.errors import UploadFailedError

# Those that hold one video: the ones that ingest reads. Playlists could name other files.
CONTAINERS = (
    "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,flv,asf,ogg,mxf,nut,ivf,h264,hevc,obu,"
    "mjpeg,dv,rm,gif,dhav"
)
_OPTIONS = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
_MAX_PIXELS = 8192 * 4352
# How many packets may come before the first frame that decodes.
_MAX_PACKETS = 1000
# Clocks that were never set start in 1904 (MP4), 1970 (Unix) or 1980 (FAT).
_FIRST_YEAR = 1981
_NO_DATE = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


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
        if not path.is_file():  # A pipe would wait for its writer.
            what = "is not a file" if path.exists() else "cannot be read: No such file or directory"
            raise UploadFailedError(what)
        with path.open("rb") as file:  # Not by its path: PyAV takes none that are no UTF-8.
            changed_at = time_of(os.fstat(file.fileno()).st_mtime)
            try:
                with av.open(
                    file, mode="r", options=_OPTIONS, metadata_errors="replace"
                ) as container:
                    recorded_at = _creation_time(container.metadata) or changed_at
                    problem, kind = _problem(container), container.format.name
                return Probe(extension_of(kind, file), recorded_at, problem)
            except (FFmpegError, OSError) as error:  # The latter from seeking in what is too short.
                problem = f"not a readable video: {error.strerror or type(error).__name__}"
                return Probe(_own_extension(path), changed_at, problem)
    except OSError as error:
        raise UploadFailedError(f"cannot be read: {error.strerror}") from None


def time_of(mtime: float) -> datetime:
    """Disks and shares may have any number: 1970 stands for what is no date of a recording."""
    return datetime.fromtimestamp(mtime if 0 <= mtime < _NO_DATE else 0, UTC)


def _creation_time(metadata: Mapping[str, str]) -> datetime | None:
    try:
        time = datetime.fromisoformat(metadata.get("creation_time", ""))
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return time if time.year >= _FIRST_YEAR else None


def _problem(container: InputContainer) -> str | None:
    """Returns why not even the first frame of the first video stream decodes."""
    for stream in container.streams.video:
        if stream.codec_context is None or stream.disposition & Disposition.attached_pic:
            continue
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"max_pixels": str(_MAX_PIXELS)}
        return None if _has_frame(container, stream) else "not one of its first frames decodes"
    return "there is no video stream"


def _has_frame(container: InputContainer, stream: VideoStream) -> bool:
    packets = container.demux(stream)
    for _ in range(_MAX_PACKETS):
        try:
            packet = next(packets, None)
            if packet is None:
                return False
            if packet.decode():
                return True
        except IndexError:
            return False  # PyAV's way to end where streams were added on the way, as MPEG-TS may.
        except FFmpegError:
            continue
    return False


def _own_extension(path: Path) -> str:
    suffix = path.suffix.lower().removeprefix(".")
    return suffix if suffix.isascii() and suffix.isalnum() else "bin"
