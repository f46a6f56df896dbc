"""The elements that cross a transform: references and rows, never pixels."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from vidset.naming import printable, stream_suffix
from vidset.rights import NONE, Rights

Reason = Literal["kept", "near_duplicate", "blurred", "dark", "bright"]
Status = Literal["done", "partial", "failed"]


@dataclass(frozen=True, slots=True)
class Upload:
    """A finished object in the uploads bucket, or a video file.

    Attributes:
        uri: gs://..., s3://... or the absolute path.
        name: the video's name, from which its images are named.
        generation: pins the bytes, an overwrite is another upload. Cloud Storage's own; elsewhere
            the start of the content's SHA-256, and None until it is read.
        event: the notification that told of it, for the dead letters.
        uploaded_at: when the store got it, or of a file, when it was last changed; None until it
            is opened.
        stream: which of its video streams is meant. 0 is the one that a player shows, the others
            follow in their order. Each is a video of its own in names and ledgers.
        rights: what is stated beside the object; nothing until it is opened.
    """

    uri: str
    name: str
    generation: str | None = None
    size_bytes: int | None = None
    collector_id: str | None = None
    event: str | None = None
    uploaded_at: datetime | None = None
    stream: int = 0
    rights: Rights = NONE

    @property
    def video_uri(self) -> str:
        """Returns the ledgers' name of the video: the uri, and a stream that is not the default."""
        return printable(self.uri) + stream_suffix(self.stream)


@dataclass(frozen=True, slots=True)
class FrameRow:
    """A row of the frame ledger: one sample, kept or not. See docs/architecture.md."""

    # The columns of infra/schemas/frames.json, written by infra/rows.py.
    video_uri: str
    generation: str
    collector_id: str | None
    pts_seconds: float
    kept: bool
    reason: Reason
    ssim: float | None
    local_change: float | None
    sharpness: float
    brightness: float
    phash: str
    width: int
    height: int
    image_id: str | None
    image_uri: str | None
    image_sha256: str | None
    settings_id: str
    period_seconds: float | None = None
    similarity_threshold: float | None = None
    kept_at: int | None = None
    kept_at_2: int | None = None
    kept_at_5: int | None = None
    kept_at_10: int | None = None
    uploaded_at: datetime | None = None
    # End of the columns.

    def to_row(self) -> dict[str, Any]:
        return _as_row(self)


@dataclass(frozen=True, slots=True)
class VideoRow:
    """A row of the video ledger: one upload. Written last, it marks the video as done."""

    # The columns of infra/schemas/videos.json, written by infra/rows.py.
    video_uri: str
    generation: str
    collector_id: str | None
    size_bytes: int | None
    container: str | None
    codec: str | None
    width: int | None
    height: int | None
    rotation: int | None
    sample_aspect_ratio: str | None
    duration_seconds: float | None
    samples: int
    kept: int
    status: Status
    error: str | None
    settings_id: str
    uploaded_at: datetime | None = None
    vidset_version: str | None = None
    decoder_version: str | None = None
    other_streams: str | None = None
    color_transfer: str | None = None
    color_primaries: str | None = None
    license: str | None = None
    license_url: str | None = None
    attribution: str | None = None
    obtained_from: str | None = None
    consent: str | None = None
    # End of the columns.

    def to_row(self) -> dict[str, Any]:
        return _as_row(self)


@dataclass(frozen=True, slots=True)
class Extraction:
    """All that the ledgers say of one upload.

    Attributes:
        replaces: whether the ledgers may have other rows of it, which go.
    """

    video: VideoRow
    frames: tuple[FrameRow, ...]
    replaces: bool = False

    @property
    def key(self) -> str:
        return ledger_key(self.video.video_uri, self.video.generation)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An upload or message that could not be used, with the reason, as it came.

    Attributes:
        uri: of the video, or of the subscription when the message names none.
        event: the original payload and attributes, as JSON; None when there was no event.
    """

    uri: str
    reason: str
    event: str | None

    def to_row(self) -> dict[str, Any]:
        return _as_row(self)


def ledger_key(video_uri: str, generation: str) -> str:
    """Returns what names an upload's ledger files: 32 hex digits."""
    return hashlib.sha256(f"{video_uri}#{generation}".encode()).hexdigest()[:32]


def _as_row(element: Any) -> dict[str, Any]:
    """Returns the values by field, in order. `dataclasses.asdict` takes ten times as long."""
    return {name: getattr(element, name) for name in element.__slots__}
