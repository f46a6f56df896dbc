"""Zip files of labels and images, as tools export them, unpacked into a folder of this process.

Whoever made a zip file can make a few bytes claim anything. So files are counted and their sizes
added up before one is unpacked, no more is written than was claimed, and no path leads outside.
"""

import lzma
import os
import re
import stat
import tempfile
import zlib
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo, is_zipfile

MOST_FILES = 500_000
MOST_BYTES = 50 << 30
MOST_RATIO = 200
_FREE_BYTES = 1 << 30  # Small files may be larger, unpacked, by any factor up to this size.
_CHUNK_BYTES = 1 << 20
_JUNK = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|Thumbs\.db$)")
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f]|^[A-Za-z]:")
# What the library trips over in files that are damaged, locked or compressed in other ways.
_DAMAGED = (
    BadZipFile, EOFError, NotImplementedError, RuntimeError, lzma.LZMAError, zlib.error,
)  # fmt: skip
_folders: dict[tuple[str, int, int], tempfile.TemporaryDirectory[str]] = {}


def is_zip(path: Path) -> bool:
    """Returns whether a path is a zip file, by its first and last bytes."""
    return path.is_file() and path.suffix not in (".json", ".xml", ".csv") and is_zipfile(path)


def unzipped(path: Path) -> Path:
    """Unpack a zip file, once in a process, which removes the folder when it ends.

    Returns:
        The folder; where it holds nothing but another one, that one.

    Raises:
        ValueError: it is damaged or encrypted, has too many files or bytes, or a path that leads
            outside.
    """
    info = path.stat()
    key = (str(path.resolve()), info.st_mtime_ns, info.st_size)
    if key not in _folders:
        # It is removed with the object, also where unpacking ends in an error.
        folder = tempfile.TemporaryDirectory(prefix="vidset-zip-")
        try:
            _unpack(path, Path(folder.name), info.st_size)
        except _DAMAGED as error:
            raise ValueError(f"{path}: wanted a zip file that can be unpacked: {error}") from None
        except OSError as error:
            raise ValueError(f"{path}: it cannot be unpacked: {error.strerror}") from None
        _folders[key] = folder
    return _only_folder(Path(_folders[key].name))


def _only_folder(folder: Path) -> Path:
    entries = list(folder.iterdir())
    is_wrapped = len(entries) == 1 and entries[0].is_dir() and entries[0].name != "annotations"
    return _only_folder(entries[0]) if is_wrapped else folder


def _unpack(path: Path, folder: Path, size: int) -> None:
    with ZipFile(path) as opened:
        entries = [each for each in opened.infolist() if not _JUNK.search(each.filename)]
        if len(entries) > MOST_FILES:
            raise ValueError(f"{path}: wanted at most {MOST_FILES:,} files, got {len(entries):,}")
        claimed = sum(each.file_size for each in entries)
        most = min(MOST_BYTES, max(_FREE_BYTES, MOST_RATIO * size))
        if claimed > most:
            raise ValueError(
                f"{path}: wanted at most {most:,} bytes unpacked from {size:,}, got {claimed:,}"
            )
        names: set[str] = set()
        for each in entries:
            if each.is_dir():
                continue
            name = _name_of(each, path)
            if name.casefold() in names:
                raise ValueError(f"{path}: wanted each file once, got {name!r} again")
            names.add(name.casefold())
            _copy(opened, each, folder / name)


def _name_of(entry: ZipInfo, path: Path) -> str:
    """The path of an entry below the folder.

    Raises:
        ValueError: it leads outside, or the entry is a link or encrypted.
    """
    name = entry.filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or not parts or _NOT_IN_NAMES.search(name):
        raise ValueError(f"{path}: wanted names that stay below its folder, got {name[:200]!r}")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise ValueError(f"{path}: wanted files and folders, got a link: {name!r}")
    if entry.flag_bits & 1:
        raise ValueError(f"{path}: wanted a zip file without a password, got one: {name!r}")
    return "/".join(parts)


def _copy(opened: ZipFile, entry: ZipInfo, target: Path) -> None:
    """Unpack one file; of more bytes than it claims, nothing is written."""
    target.parent.mkdir(parents=True, exist_ok=True)
    left = entry.file_size
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with opened.open(entry) as source, os.fdopen(descriptor, "wb") as file:
        while chunk := source.read(_CHUNK_BYTES):
            left -= len(chunk)
            if left < 0:
                raise BadZipFile(f"{entry.filename} has more bytes than it claims")
            file.write(chunk)
