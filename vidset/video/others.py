"""Says what a file is that plainly is no video."""

_PLAYLIST = "a playlist, which names videos and holds none"
# By how the file begins.
_OTHERS = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"%PDF", "a PDF document"),
    (b"#EXTM3U", _PLAYLIST),
    (b"[playlist]", _PLAYLIST),
    (b"\x89PNG", "a picture"),
    (b"BM", "a picture"),
    (b"II*\0", "a picture"),
    (b"MM\0*", "a picture"),
)


def what_else(head: bytes) -> str | None:
    """Return what a file is by its first bytes; None if it may be a video."""
    what = next((what for start, what in _OTHERS if head.startswith(start)), None)
    return _PLAYLIST if what is None and b"<MPD" in head[:1024] else what
