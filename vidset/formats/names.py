"""Names of images for formats that know no folders."""

import hashlib
import re
from pathlib import PurePosixPath

_OTHERS = re.compile(r"[^\w-]")
_MAX_BYTES = 180  # With an extension and what a format adds, file systems' 255.


def flat_name(image_name: str) -> str:
    """The name in one segment, with its extension: `a/0/0000001000.jpg` as `a__0__0000001000.jpg`.

    Its stem has letters, digits, `_` and `-` alone: some tools cut names at the first dot or at
    spaces. Where two names could give the same, a hash of the name stands behind it.
    """
    extension = PurePosixPath(image_name).suffix
    extension = extension if extension[1:].isalnum() else ""
    segments = image_name.removesuffix(extension).split("/")
    stem = _OTHERS.sub("_", "__".join(segments))
    is_told_apart = stem.split("__") == segments
    if is_told_apart and not stem.startswith("_") and len(stem.encode()) <= _MAX_BYTES:
        return stem + extension
    digest = hashlib.sha256(image_name.encode()).hexdigest()[:12]
    # Of a long name the end says more: the time in the video.
    end = stem.encode()[-_MAX_BYTES:].decode(errors="ignore").lstrip("_")
    return f"{end}-{digest}{extension}"
