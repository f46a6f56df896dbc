"""The videos in a folder, and what else lies there: neither loops nor pipes nor locks end it."""

import os
import stat
from collections import Counter
from collections.abc import Iterator

from vidset.uploads import has_video_extension, is_hidden, is_other_extension

_HEAD_BYTES = 800
# Brands of `ftyp` (ISO/IEC 14496-12) that are pictures or sound.
_NO_VIDEO_BRANDS = (b"M4A", b"M4B", b"M4P", b"heic", b"heix", b"mif1", b"avif", b"crx ")
_STARTS = (
    b"\x1a\x45\xdf\xa3",  # Matroska and WebM.
    b"FLV\x01",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF.
    b"\x00\x00\x01\xba",  # MPEG-PS.
    b"DHAV",  # Dahua's recorders.
)


def list_folder(folder: str, passed_over: Counter[str]) -> Iterator[tuple[str, str]]:
    """Yield the name below `folder` and the path of each video, in the order of a bucket's listing.

    A file is a video by its extension, or where that says nothing, by how it begins. What is passed
    over is counted by its kind: `hidden`, `unreadable`, `special` (pipes, devices) and `other`.
    """
    yield from _walk(folder, "", passed_over)


def _walk(folder: str, above: str, passed_over: Counter[str]) -> Iterator[tuple[str, str]]:
    try:
        with os.scandir(folder) as entries:
            named = [(_order(entry), entry) for entry in entries]
    except OSError:
        passed_over["unreadable"] += 1
        return
    for name, entry in sorted(named, key=lambda pair: pair[0]):
        if is_hidden(entry.name):
            passed_over["hidden"] += 1
        elif name.endswith("/"):
            yield from _walk(entry.path, above + name, passed_over)
        elif (kind := _kind(entry)) == "video":
            yield above + name, entry.path
        else:
            passed_over[kind] += 1


def _order(entry: os.DirEntry[str]) -> str:
    """A folder's name sorts with its slash. A link to a folder is none: it may lead in circles."""
    try:
        return entry.name + "/" * entry.is_dir(follow_symlinks=False)
    except OSError:
        return entry.name


def _kind(entry: os.DirEntry[str]) -> str:
    try:
        mode = entry.stat().st_mode
    except OSError:
        return "unreadable"
    if not stat.S_ISREG(mode):
        return "other" if stat.S_ISDIR(mode) else "special"
    if has_video_extension(entry.name):
        return "video"
    if is_other_extension(entry.name):
        return "other"
    try:
        with open(entry.path, "rb") as file:
            return "video" if begins_as_video(file.read(_HEAD_BYTES)) else "other"
    except OSError:
        return "unreadable"


def begins_as_video(head: bytes) -> bool:
    """Returns whether a file with these first bytes is a video, whatever it is called."""
    if head[4:8] == b"ftyp":
        return not head[8:12].startswith(_NO_VIDEO_BRANDS)
    if head[4:8] in (b"moov", b"mdat", b"wide"):
        return True
    if head[:4] == b"RIFF":
        return head[8:12] == b"AVI "
    if head[:4] == b"OggS":  # Theora or VP8: without them it is sound.
        return b"\x80theora" in head or b"OVP80" in head
    # MPEG-TS: a sync byte at the start of each packet, with or without a time code before it.
    is_transport = any(
        len(head) > start + 2 * step and all(head[start + step * n] == 0x47 for n in range(3))
        for start, step in ((0, 188), (4, 192), (0, 204))
    )
    return is_transport or head.startswith(_STARTS)
