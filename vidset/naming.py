"""Names of images. They derive from the video's name, generation and time, never from a clock.

A video's name comes from outside and is kept readable, but it cannot lead anywhere: whatever is
special to a file system or a url is percent-encoded, and `video_stem` takes that back.
"""

import hashlib
import re
from urllib.parse import unquote_to_bytes

# Cloud Storage allows 1,024 bytes in an object's name, file systems 255 in a segment.
_MAX_STEM_BYTES = 960
_MAX_SEGMENT_BYTES = 200
_UNSAFE = re.compile(r"[%\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# Control characters, separators of lines and what turns the direction of writing.
_OBEYED = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_ATOM = re.compile(r"%[0-9A-F]{2}|.", re.DOTALL)
_CONTINUED = "%/"


def image_name(video_name: str, generation: str, pts_seconds: float, stream: int = 0) -> str:
    """`<video name without extension>/<generation>/<pts in ms, 10 digits>.jpg`.

    Streams but the default one have `.stream<n>` behind the video's name.
    """
    return f"{image_prefix(video_name, generation, stream)}/{round(pts_seconds * 1000):010d}.jpg"


def image_prefix(video_name: str, generation: str, stream: int = 0) -> str:
    """Returns what the names of all images of an upload begin with."""
    return f"{_encode(_without_extension(video_name) + stream_suffix(stream))}/{generation}"


def safe_path(name: str) -> str:
    """Return a name from outside as a path that leads nowhere else and that every folder takes."""
    return _encode(name)


def stream_suffix(stream: int) -> str:
    """Returns what follows a video's name for one of its streams; nothing for the default one."""
    return f".stream{stream}" if stream else ""


def video_stem(image: str) -> str | None:
    """The video's name without extension, from an image's name.

    None for a name that was too long to keep whole: the ledger has it, by the image's id.
    """
    encoded = image.rsplit("/", 2)[0].replace(_CONTINUED, "")
    if "%~" in encoded:
        return None
    return unquote_to_bytes(encoded).decode("utf-8", "surrogateescape")


def image_id(place: str) -> str:
    """Names the image's task and annotation documents: 32 hex digits.

    `place` is `<bucket>/<object name>`, or the name below the images folder.
    """
    return hashlib.sha256(place.encode()).hexdigest()[:32]


def printable(text: str) -> str:
    """`text` without the bytes that no UTF-8 text can hold (file names may have any)."""
    return re.sub(r"[\ud800-\udfff]", lambda match: _percent(match[0]), text)


def visible(text: str) -> str:
    """Return `text` with control characters written out, as `\\x1b`; newlines and tabs stay.

    A name may hold what a terminal obeys: another title, deleted lines, text from right to left.
    """
    return _OBEYED.sub(lambda match: _written_out(match[0]), text)


def _written_out(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def _without_extension(name: str) -> str:
    head, slash, last = name.rpartition("/")
    stem = last.rpartition(".")[0] if "." in last.lstrip(".") else last
    return head + slash + (stem or last)


def _encode(stem: str) -> str:
    safe = _UNSAFE.sub(lambda match: _percent(match[0]), stem)
    # An empty segment would vanish from a path: its slash becomes part of its neighbour.
    safe = re.sub(r"(?<=/)/|^/|/$", "%2F", safe)
    segments = []
    for segment in safe.split("/"):
        dotted = segment.replace(".", "%2E") if segment in (".", "..") else segment
        segments.append(_CONTINUED.join(_chunks(dotted, _MAX_SEGMENT_BYTES)))
    encoded = "/".join(segments)
    if len(encoded.encode()) <= _MAX_STEM_BYTES:
        return encoded
    digest = hashlib.sha256(stem.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    start = next(_chunks(encoded, _MAX_STEM_BYTES - 40)).rstrip("/%")
    return f"{start}%~{digest}"


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogateescape"))


def _chunks(text: str, max_bytes: int):
    """Cut so that no character and no percent-code is divided."""
    chunk, size = [], 0
    for atom in _ATOM.findall(text):
        length = len(atom.encode())
        if chunk and size + length > max_bytes:
            yield "".join(chunk)
            chunk, size = [], 0
        chunk.append(atom)
        size += length
    yield "".join(chunk)
