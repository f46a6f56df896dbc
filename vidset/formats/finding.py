"""Find the label files of a folder, whatever the case of their endings."""

from pathlib import Path

from vidset.regular_files import open_regular

_APPLE_DOUBLE = b"\x00\x05\x16\x07"


def files_below(folder: Path, ending: str, *, deep: bool = True) -> list[Path]:
    """Return the files with this ending, such as `.json`, in the order of their paths.

    Args:
        deep: also those in the folders below.
    """
    files = folder.rglob("*") if deep else folder.iterdir()
    return sorted(
        file
        for file in files
        if file.suffix.lower() == ending and not file.is_dir() and not is_of_macos(file)
    )


def is_of_macos(file: Path) -> bool:
    """Return whether macOS wrote a file beside another one (RFC 1740), which is no label file."""
    if not file.name.startswith("._"):
        return False
    with open_regular(file) as opened:
        return opened.read(len(_APPLE_DOUBLE)) == _APPLE_DOUBLE


def label_files(folder: Path, ending: str, whose: str) -> list[Path]:
    """Return the files below a folder with this ending; none only where the folder is empty.

    Raises:
        ValueError: it holds other files alone.
    """
    found = files_below(folder, ending)
    if not found and any(folder.iterdir()):
        raise ValueError(f"{folder}: wanted {whose} {ending} files, got none")
    return found


def only_file(path: Path, ending: str, what: str) -> Path:
    """Return the file, or the only one of a folder, images beside it.

    Raises:
        ValueError: the folder has none, or several.
    """
    if not path.is_dir():
        return path
    found = files_below(path, ending)
    if len(found) != 1:
        raise ValueError(f"{path}: wanted one {ending} with {what}, got {len(found) or 'none'}")
    return found[0]
