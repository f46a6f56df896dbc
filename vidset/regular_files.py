"""Files of others are opened here: regular files only, and none that would fill the memory.

A pipe or a device behind a file's name makes a reader wait, or read, without end.
"""

import codecs
import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

MOST_BYTES = 4 << 30


def open_regular(path: str | Path) -> BufferedReader:
    """Open a file for reading, unless it is a pipe, a device or a socket.

    Raises:
        OSError: it is none that can be read.
    """
    # Without O_NONBLOCK a pipe that nobody writes to would never open.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "wanted a regular file, got a pipe or device", str(path))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular_text(path: str | Path, most_bytes: int = MOST_BYTES) -> str:
    """Read a regular file as UTF-8.

    Raises:
        OSError: it is none that can be read, or has more than `most_bytes`.
        ValueError: it is no UTF-8.
    """
    data = read_regular(path, most_bytes)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        got = f"byte 0x{data[error.start]:02x} at {error.start:,}"
        raise ValueError(f"{path}: wanted a text in UTF-8, got {got}") from None


def read_regular(path: str | Path, most_bytes: int = MOST_BYTES) -> bytes:
    """Read a regular file.

    Raises:
        OSError: it is none that can be read, or has more than `most_bytes`.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most_bytes:
            what = f"wanted at most {most_bytes:,} bytes, got {size:,}"
            raise OSError(errno.EFBIG, what, str(path))
        return file.read()


def has_link(folder: str | Path, name: str) -> bool:
    """Tell whether a file, or a folder above it below `folder`, is a link: it may lead anywhere."""
    path = str(folder)
    for part in name.split("/"):
        path = os.path.join(path, part)
        if os.path.islink(path):
            return True
    return False


def text_of(data: bytes, source: str, what: str, error: type[ValueError] = ValueError) -> str:
    """Decode a text of others: UTF-8, or UTF-16 where it begins with its mark, as Windows writes.

    Raises:
        ValueError: it is in another encoding, or no text; with the line.
    """
    is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as failure:
        if data.startswith(b"PK\x03\x04"):
            raise error(f"{source}: wanted {what}, got a zip file") from None
        line = data.count(b"\n", 0, failure.start) + 1
        raise error(
            f"{source}:{line}: wanted {what} as a text in UTF-8, got byte "
            f"0x{data[failure.start]:02x}; another encoding? Save it as UTF-8"
        ) from None
