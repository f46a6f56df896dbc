"""Find the uploads that the user names: files, folders, globs, uris of buckets."""

import glob
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from vidset.elements import Upload
from vidset.intake.folder_listing import list_folder
from vidset.naming import stream_suffix
from vidset.settings import ExtractionSettings
from vidset.storage.open import open_store
from vidset.storage.registry import find_scheme
from vidset.storage.store import StoredObject
from vidset.storage.uris import is_uri, parse_uri
from vidset.suggestions import did_you_mean
from vidset.uploads import collector_of, is_hidden, is_video

_WILDCARD = re.compile(r"[*?\[]")


def check_input(pattern: str) -> None:
    """Check before any work that a local input is there. Buckets are asked when they are listed.

    Raises:
        ValueError: it names nothing.
    """
    if is_uri(pattern):
        try:
            find_scheme(pattern)
        except ValueError as error:
            raise ValueError(f"input: {error}") from None
    elif os.path.exists(pattern):
        if not (os.path.isfile(pattern) or os.path.isdir(pattern)):
            raise ValueError(f"input: {pattern!r} is a pipe or a device, wanted a file or folder")
    elif next(_matching(pattern), None) is None:
        folder, name = os.path.split(os.path.normpath(pattern))
        beside = os.listdir(folder or ".") if os.path.isdir(folder or ".") else ()
        near = did_you_mean(name, beside)
        raise ValueError(
            f"input: there is no file or folder {pattern!r}, and nothing matches it.{near}"
        )


def list_uploads(
    pattern: str, collector_id: str | None = None, passed_over: Counter[str] | None = None
) -> Iterator[Upload]:
    """Yield the videos that `pattern` names, in the order of their names.

    A folder, or a bucket's prefix, gives what lies below it and is a video by its extension, its
    content type or, in a folder, by how it begins. A file or an object named as such is taken as
    it is.

    Args:
        passed_over: what is passed over is counted here, by its kind.
    """
    passed_over = Counter() if passed_over is None else passed_over
    if is_uri(pattern):
        yield from _list_bucket(pattern, collector_id, passed_over)
    elif os.path.isdir(pattern):
        yield from _list_folder(pattern, collector_id, passed_over)
    elif os.path.exists(pattern):
        yield _file(pattern, os.path.basename(pattern), collector_id)
    else:
        for path in sorted(_matching(pattern)):
            if os.path.isdir(path):
                yield from _list_folder(path, collector_id, passed_over)
            elif os.path.isfile(path):
                yield _file(path, os.path.basename(path), collector_id)
            else:
                passed_over["special"] += 1


def streams_of(upload: Upload, stream: int | None, settings: ExtractionSettings) -> list[Upload]:
    """Return the file's streams that are wanted: with spans, those that have some.

    Args:
        stream: which one is asked for; None is all, of which the default one tells the others.
    """
    if settings.spans is None:
        return [replace(upload, stream=stream or 0)]
    start = stream_suffix(1)[:-1]
    numbers = [
        each.removeprefix(upload.video_uri).removeprefix(start) or "0"
        for each in settings.spans
        if each == upload.video_uri or each.startswith(upload.video_uri + start)
    ]
    return [replace(upload, stream=int(number)) for number in numbers if number.isdecimal()]


def _matching(pattern: str) -> Iterator[str]:
    """Yield the files and folders that a pattern matches; `**` follows no link to a folder.

    Links may lead in circles. A link in front of `**` was named by the user, and is followed.
    """
    segments = pattern.split("/")
    if "**" not in segments:
        yield from glob.iglob(pattern)
        return
    place = segments.index("**")
    above, wanted = "/".join(segments[:place]), _glob("/".join(segments[place:]))
    for root in glob.iglob(f"{above}/") if place else [""]:
        for folder, folders, files in os.walk(root or "."):
            below = os.path.relpath(folder, root or ".")
            inside = "" if below == "." else f"{below}/"
            folders[:] = [name for name in folders if not name.startswith(".")]
            if wanted.fullmatch(inside.rstrip("/")):
                yield root + inside or "."
            names = (inside + name for name in files if not name.startswith("."))
            yield from (root + name for name in names if wanted.fullmatch(name))


def _list_folder(
    folder: str, collector_id: str | None, passed_over: Counter[str]
) -> Iterator[Upload]:
    for name, path in list_folder(folder, passed_over):
        yield _file(path, name, collector_id or collector_of(name))


def _file(path: str, name: str, collector_id: str | None) -> Upload:
    return Upload(uri=os.path.abspath(path), name=name, collector_id=collector_id)


def _list_bucket(
    pattern: str, collector_id: str | None, passed_over: Counter[str]
) -> Iterator[Upload]:
    uri = parse_uri(pattern)
    path = uri.name
    wildcard = _WILDCARD.search(path)
    prefix = path[: wildcard.start()] if wildcard else path
    wanted = _glob(path) if wildcard else None
    for stored in open_store(uri.root).list(prefix):
        if wanted is None and stored.name != path and not _is_below(stored.name, path):
            continue
        if wanted is not None and not wanted.fullmatch(stored.name):
            continue
        if stored.name == path or is_video(stored.name, stored.content_type):
            yield _object(f"{uri.root}/{stored.name}", stored, collector_id)
        else:
            passed_over["hidden" if is_hidden(stored.name) else "other"] += 1


def _glob(pattern: str) -> re.Pattern[str]:
    """Matches as the shell does: `*` and `?` stay in a segment, `**/` is any number of them."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^]]+\])", pattern)
    special = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile(
        "".join(
            special.get(part) or (part.replace("[!", "[^") if part[:1] == "[" else re.escape(part))
            for part in parts
        )
    )


def _is_below(name: str, folder: str) -> bool:
    return not folder or name.startswith(folder.rstrip("/") + "/")


def _object(uri: str, stored: StoredObject, collector_id: str | None) -> Upload:
    return Upload(
        uri=uri,
        name=stored.name,
        generation=stored.generation,
        size_bytes=stored.size_bytes,
        collector_id=collector_id or stored.collector_id,
    )
