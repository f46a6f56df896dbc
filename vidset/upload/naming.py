"""Names an object, and says what is written beside it: docs/upload.md has the standard.

The name derives from the content alone, so that the same recording has the same name however often
and from whichever file it is uploaded.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from vidset.rights import NONE, Rights

_ID_DIGITS = 32
_CONTENT_TYPES = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "3gp": "video/3gpp",
    "3g2": "video/3gpp2",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "avi": "video/x-msvideo",
    "ts": "video/mp2t",
    "m2ts": "video/mp2t",
    "mpg": "video/mpeg",
    "m2v": "video/mpeg",
    "flv": "video/x-flv",
    "wmv": "video/x-ms-asf",
    "ogv": "video/ogg",
    "mxf": "video/mxf",
    "dv": "video/dv",
    "rm": "video/vnd.rn-realvideo",
}


def object_name(collector: str, recorded_at: datetime, sha256: bytes, extension: str) -> str:
    """`<collector>/<YYYY-MM-DD of the recording in UTC>/<video id>.<extension>`."""
    date = recorded_at.astimezone(UTC).strftime("%Y-%m-%d")
    return f"{collector}/{date}/{video_id(sha256)}.{extension}"


def video_id(sha256: bytes) -> str:
    """The first 32 hex digits of the content's SHA-256."""
    return sha256.hex()[:_ID_DIGITS]


def content_type(extension: str) -> str:
    """Always a `video/` type: it tells ingest that the object is one."""
    return _CONTENT_TYPES.get(extension, f"video/x-{extension}")


def metadata(
    collector: str, path: Path, recorded_at: datetime, sha256: bytes, rights: Rights = NONE
) -> dict[str, str]:
    """ASCII, as S3 wants it: the file's name is percent-encoded, bytes that are no UTF-8 too."""
    return {
        "collector_id": collector,
        "original_name": quote(path.name.encode("utf-8", "surrogateescape"), safe=" ()+,=@[]"),
        "recorded_at": recorded_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "sha256": sha256.hex(),
        **rights.metadata(),
    }


def key_of(text: str) -> str:
    """A file name for any text."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
