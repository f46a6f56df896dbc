"""The review of `vidset errors` on the page: what is shown, and what people decide.

Decisions are written to `errors/decisions.json`, where `vidset review` reads them, and each one to
`errors/decisions.jsonl` as well, with who and when. Several people may decide at once, on one
server or on several: a lock orders them, and nobody replaces a decision that they have not seen.
"""

import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from fcntl import LOCK_EX, flock
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

from vidset.datasets.curation.fixes import Fix, Fixes, parse_fixes
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.repository import write_atomically
from vidset.json_files import read_object
from vidset.project import Project
from vidset.regular_files import has_link, read_regular
from vidset.training.reviewing.categories import parse_categories
from vidset.training.reviewing.decisions import check_decisions, count_decisions
from vidset.training.reviewing.page.writing import thumbnail_of

FOLDER = "errors"
_DECISIONS, _HISTORY, _LOCK = "decisions.json", "decisions.jsonl", ".decisions.lock"
_VERSION_DIGITS = 12
_TOLD = (
    *("image_sha256", "image_uri", "origin", "video_uri", "pts_seconds", "split", "label"),
    *("predicted", "suggested", "score", "is_flagged", "loss", "queue", "hardness", "guesses"),
    *("reason", "flags"),
)


class DecidedMeanwhileError(DatasetError):
    """Somebody else has decided on the image since the page was asked."""


def describe_errors(project: Project) -> dict[str, Any] | None:
    """Return what `vidset errors` found, and what was decided; None where it was not run.

    Raises:
        DatasetError: a file there is damaged.
    """
    folder = _folder(project)
    if folder is None:
        return None
    found = _read(folder)
    shown = [{name: each.get(name) for name in _TOLD} for each in found["shown"]]
    fixes = _decided(folder, found["version"])
    categories = parse_categories(found["categories"], str(folder / "errors.json"))
    return {
        **{name: value for name, value in found.items() if name != "shown"},
        "shown": shown,
        "decisions": {fix.image_sha256: fix.to_json() for fix in fixes.fixes},
        "counts": count_decisions(fixes.fixes, len(shown), categories),
        "next": project.command("vidset review"),
    }


def decide(
    project: Project,
    version: str,
    image_sha256: str,
    decision: Mapping[str, Any] | None,
    before: Mapping[str, Any] | None,
    actor: str,
) -> str | None:
    """Keep a decision on an image that is shown, or take it back.

    Returns the name of the file to which decisions went that do not belong to what is shown now;
    None where there were none.

    Args:
        version: that the page shows.
        decision: action, and what belongs to it; None takes the decision back.
        before: the decision that the page showed; None where it showed none.

    Raises:
        DecidedMeanwhileError: there is another decision than `before`.
        DatasetError: the decision cannot be used, or the page shows another version's errors.
    """
    folder = _folder(project)
    if folder is None:
        raise DatasetError(f"{project.place}: vidset errors was not run here")
    with _locked(folder):
        found = _read(folder)
        if found["version"] != version:
            raise DatasetError("vidset errors was run again: load the page again")
        shown = {each["image_sha256"]: each for each in found["shown"]}
        image = shown.get(image_sha256)
        if image is None:
            raise DatasetError(f"{image_sha256[:60]}: this image is not shown")
        fixes = _decided(folder, version)
        of_image = {fix.image_sha256: fix for fix in fixes.fixes if fix.image_sha256 in shown}
        there = of_image.pop(image_sha256, None)
        if (there.to_json() if there else None) != before:
            told = f"{there.action}, {there.category or 'label is right'}" if there else "none"
            raise DecidedMeanwhileError(
                f"somebody else has decided on this image meanwhile ({told}): decide again to "
                "replace it"
            )
        told = {"image_sha256": image_sha256, "image_uri": image["image_uri"]}
        if decision is not None:
            of_image[image_sha256] = _checked(found, folder, {**decision, **told})
        order = [of_image[sha] for sha in shown if sha in of_image]
        names = [] if fixes.actor is None else fixes.actor.split(", ")
        by = ", ".join(dict.fromkeys([*names, actor]))
        made = Fixes(version, tuple(order), by)
        line = {**told, "decision": decision, "actor": actor}
        line["decided_at"] = datetime.now(UTC).isoformat()
        # Only now: what is refused changes nothing of what others decided.
        aside = _put_aside(folder, version, shown)
        with _opened(folder / _HISTORY) as history:
            history.write((json.dumps(line, ensure_ascii=False) + "\n").encode())
        text = json.dumps(made.to_json(), indent=1, ensure_ascii=False) + "\n"
        write_atomically(folder / _DECISIONS, text.encode())
        return aside


def read_thumbnail(project: Project, image_sha256: str) -> bytes:
    """Return the picture that `vidset errors` drew of an image, as PNG.

    Raises:
        DatasetError: the image is not shown.
        OSError: the picture is gone.
    """
    folder = _folder(project)
    shown = [] if folder is None else _read(folder)["shown"]
    for each in shown:
        if folder is not None and each["image_sha256"] == image_sha256:
            name = thumbnail_of(each)
            if has_link(str(folder), name):
                raise DatasetError(f"{folder / name}: wanted a picture, got a link")
            return read_regular(folder / name)
    raise DatasetError(f"{image_sha256[:60]}: this image is not shown")


def _folder(project: Project) -> Path | None:
    if not project.is_folder:
        return None
    folder = Path(project.place, FOLDER)
    return folder if (folder / "errors.json").is_file() else None


def _read(folder: Path) -> dict[str, Any]:
    told = (folder / "errors.json").stat()
    return _read_once(folder, told.st_mtime_ns, told.st_size)


@lru_cache(maxsize=1)
def _read_once(folder: Path, _changed_at: int, _size: int) -> dict[str, Any]:
    """Each picture asks for it; it is read again when it has changed. It is not to be changed."""
    path = folder / "errors.json"
    found = read_object(path, "what vidset errors writes")
    is_whole = isinstance(found.get("version"), str) and isinstance(found.get("categories"), list)
    shown = found.get("shown")
    if not is_whole or not isinstance(shown, list) or not all(map(_is_image, shown)):
        raise DatasetError(f"{path}: wanted what vidset errors writes")
    return found


def _is_image(value: Any) -> bool:
    names = ("image_sha256", "image_uri")
    return isinstance(value, dict) and all(isinstance(value.get(name), str) for name in names)


def _decided(folder: Path, version: str) -> Fixes:
    """Read what was decided on a version."""
    path = folder / _DECISIONS
    if not path.is_file():
        return Fixes(version, ())
    found = parse_fixes(read_regular(path), str(path))
    return found if found.version == version else Fixes(version, ())


def _put_aside(folder: Path, version: str, shown: Collection[str]) -> str | None:
    """Copy a file of decisions on another version, or on images that are not shown any more."""
    path = folder / _DECISIONS
    if not path.is_file():
        return None
    text = read_regular(path)
    found = parse_fixes(text, str(path))
    if found.version == version and all(fix.image_sha256 in shown for fix in found.fixes):
        return None
    names = (f"decisions-{found.version[:_VERSION_DIGITS]}-{n}.json" for n in count(1))
    aside = next(each for each in names if not (folder / each).exists())
    write_atomically(folder / aside, text)
    return aside


def _checked(found: Mapping[str, Any], folder: Path, decision: Mapping[str, Any]) -> Fix:
    text = json.dumps({"version": found["version"], "fixes": [decision]})
    [fix] = parse_fixes(text, "the decision").fixes
    if fix.objects is not None:
        raise DatasetError("the decision: single objects are changed by a file of fixes")
    if fix.label is not None and fix.label not in found.get("classes", ()):
        raise DatasetError(f"the decision: wanted a label of the version, got {fix.label[:60]!r}")
    categories = parse_categories(found["categories"], str(folder / "errors.json"))
    check_decisions([fix], {fix.image_sha256}, categories)
    return fix


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with _opened(folder / _LOCK) as file:
        flock(file, LOCK_EX)
        yield


def _opened(path: Path) -> BinaryIO:
    """Open a file to append to it; a link is refused, which might lead anywhere."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o666), "ab")
