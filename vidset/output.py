"""Checks what a command writes to, before any work."""

import os
from pathlib import Path


def make_output(folder: str) -> None:
    """Make the folder that a command writes to.

    Raises:
        ValueError: it cannot be made, or not be written to.
    """
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise ValueError(f"--output {folder}: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ValueError(f"--output {folder}: this user may not write there")


def local_path(option: str, path: str | os.PathLike[str]) -> Path:
    """Return a path of this machine, for what cannot be written to a bucket.

    Args:
        option: the option that names it, for the message.

    Raises:
        ValueError: it is a uri, such as gs://bucket/file.
    """
    text = os.fspath(path)
    if "://" in text or text.startswith(("gs:/", "s3:/")):  # A Path has lost one of the slashes.
        raise ValueError(
            f"{option} {text}: wanted a path on this machine. Write it there, then copy it to the "
            "bucket."
        )
    if not text:
        raise ValueError(f"{option}: wanted a path, got an empty text")
    return Path(text).expanduser()


def new_file(option: str, path: str | os.PathLike[str], *, overwrite: bool | None) -> Path:
    """Return the path of a file that may be written: it is new, or may be replaced.

    Args:
        option: what names it, for the message.
        overwrite: whether what is there may be replaced; None where the command never replaces.

    Raises:
        ValueError: it is a uri or a folder, it exists and `overwrite` is not given, or its folder
            cannot be written to.
    """
    file = local_path(option, path)
    if file.is_dir():
        raise ValueError(f"{option} {file}: wanted a file, got a folder")
    if file.exists() and not overwrite:
        way_out = "name another file" if overwrite is None else "--overwrite replaces it"
        raise ValueError(f"{option} {file} exists: {way_out}")
    make_folder_of(option, file)
    return file


def make_folder_of(option: str, file: Path) -> None:
    """Make the folder that a file is to be written to.

    Raises:
        ValueError: it cannot be made or written to.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"{option} {file}: {error.strerror}") from None
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise ValueError(f"{option} {file}: this user may not write to {file.parent}")


def new_folder(option: str, path: str | os.PathLike[str], *, overwrite: bool) -> Path:
    """Return the path of a folder that may be written to: it is new or empty, or may be replaced.

    Raises:
        ValueError: it is a uri or a file, or it holds something and `overwrite` is not given.
    """
    folder = local_path(option, path)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{option} {folder}: wanted a folder, got a file")
    if folder.is_dir() and any(folder.iterdir()) and not overwrite:
        raise ValueError(f"{option} {folder} is not empty: --overwrite replaces what is there")
    make_folder_of(option, folder)
    return folder
