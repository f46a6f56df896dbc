"""Whether an image file ends where it should: decoders fill in what was cut off, silently."""

_PNG_END = b"IEND\xaeB`\x82"
_JPEG_END, _JPEG_SCAN = b"\xff\xd9", b"\xff\xda"


def missing_end(data: bytes, image_format: str) -> str | None:
    """What is missing of a file that was cut off; None if it is whole.

    What stands behind an image's end (a camera's previews, a name) is no fault.
    """
    match image_format:
        case "png":
            return None if _PNG_END in data else _cut("IEND, its last chunk", data)
        case "jpeg":
            # A picture inside its header has an end of its own, before the last scan.
            whole = data.rfind(_JPEG_END) > data.rfind(_JPEG_SCAN)
            return None if whole else _cut("its end marker", data)
        case "webp":
            wanted = int.from_bytes(data[4:8], "little") + 8
        case "bmp":
            wanted = int.from_bytes(data[2:6], "little")
        case _:
            return None
    return None if len(data) >= wanted else _cut(f"{wanted} bytes", data)


def _cut(wanted: str, data: bytes) -> str:
    return f"wanted {wanted}, got {len(data)} bytes without it"
