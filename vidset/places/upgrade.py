"""Brings a place that an earlier vidset wrote to the format of this one.

A place has its format in `vidset.json`; what version 0.1 wrote has none, which is format 0. Each
step is one `Migration`. Before the first one, what the steps will change and the store are copied
to `backups/format-N`. The format is noted after each step, and a step may be done twice, so an
upgrade that was stopped goes on when it is started again.

A place in a bucket holds images and ledgers, which no format has changed so far: a step there is
`in_bucket`, and what it replaces is copied first as well.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vidset.labeling.stores.backup import backup_store
from vidset.place_format import MARKER, check_format, marker_text, read_format
from vidset.storage.open import open_store
from vidset.storage.store import ObjectStore
from vidset.storage.uris import is_uri
from vidset.storage.writing import remove_tree, sync_folder, sync_tree, write_atomically

_STORE = "labels.sqlite"
# What a place has at least one of, in a folder and in a bucket.
_SIGNS = ("videos", "frames", _STORE, "datasets", "vidset.toml")
_SIGNS_IN_BUCKET = ("videos/", "frames/", "images/", "warehouse/")
_JSON = "application/json"


def _nothing(_: ObjectStore) -> None:
    """Change nothing: what is in buckets has stayed as it was."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step, from format `to - 1`.

    Attributes:
        says: what it does, for people.
        files: the files that it will change, which are copied before.
        apply: does it. Doing it twice is the same as doing it once.
        in_bucket: does it for a place in a bucket, in the same way.
    """

    to: int
    says: str
    files: Callable[[Path], list[Path]]
    apply: Callable[[Path], None]
    in_bucket: Callable[[ObjectStore], None] = _nothing


MIGRATIONS = (
    # Ledgers, stores and dataset versions of 0.1 are read as they are: columns that were added
    # later are null there.
    Migration(
        to=1,
        says=f"note the place's format in {MARKER}",
        files=lambda _: [],
        apply=lambda _: None,
    ),
)


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The steps that an upgrade takes, or took.

    Attributes:
        found: the format that the place had.
        steps: what there was to do, in order; none for a place of this format.
        backup: the folder with what stood before; None where there was nothing to do.
    """

    found: int
    now: int
    steps: tuple[str, ...]
    backup: str | None


def plan_upgrade(place: str | Path, migrations: tuple[Migration, ...] = MIGRATIONS) -> Upgrade:
    """Say what `upgrade_place` would do. Nothing is changed.

    Args:
        place: a folder, or the uri of a prefix in a bucket.

    Raises:
        ValueError: there is no place, or a newer vidset has written it.
    """
    newest = migrations[-1].to
    check_format(str(place), newest)
    found = format_of(place)
    steps = tuple(each.says for each in migrations if each.to > found)
    has_backup = steps and (found > 0 or not is_uri(str(place)))
    return Upgrade(found, newest, steps, f"{place}/{_backup(found)}" if has_backup else None)


def upgrade_place(place: str | Path, migrations: tuple[Migration, ...] = MIGRATIONS) -> Upgrade:
    """Bring a place to the newest format, after a backup. A place of this format stays as it is.

    Raises:
        ValueError: as `plan_upgrade` does.
    """
    planned = plan_upgrade(place, migrations)
    waiting = [each for each in migrations if each.to > planned.found]
    if is_uri(str(place)):
        _upgrade_bucket(open_store(str(place)), planned, waiting)
        return planned
    folder = Path(place)
    if planned.backup:
        _back_up(folder, Path(planned.backup), waiting)
    for each in waiting:
        each.apply(folder)
        write_atomically(folder / MARKER, marker_text(each.to))
    return planned


def format_of(place: str | Path) -> int:
    """Return the number of a place's format.

    Raises:
        ValueError: there is no place, or its vidset.json is damaged.
    """
    found = read_format(str(place))
    if found is not None:
        return found
    if is_uri(str(place)):
        store, signs = open_store(str(place)), _SIGNS_IN_BUCKET
        is_place = any(next(iter(store.list(sign)), None) for sign in signs)
    else:
        signs = _SIGNS
        is_place = any(Path(place, sign).exists() for sign in signs)
    if not is_place:
        raise ValueError(f"{place} is no place of vidset: it has none of {', '.join(signs)}")
    return 0


def _upgrade_bucket(store: ObjectStore, planned: Upgrade, waiting: list[Migration]) -> None:
    if planned.backup:
        store.put_once(f"{_backup(planned.found)}/{MARKER}", store.read(MARKER), _JSON)
    for each in waiting:
        each.in_bucket(store)
        store.put(MARKER, marker_text(each.to).encode(), _JSON)


def _backup(found: int) -> str:
    return f"backups/format-{found}"


def _back_up(place: Path, backup: Path, waiting: list[Migration]) -> None:
    """Copy what will change, unless an upgrade that was stopped has done so."""
    if backup.exists():
        return
    part = backup.with_name(f"{backup.name}.part")
    remove_tree(part)
    part.mkdir(parents=True)
    files = {file for each in waiting for file in each.files(place)}
    for file in sorted({*files, place / MARKER} - {place / _STORE}):
        if file.is_file():
            copy = part / file.relative_to(place)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, copy)
    if (place / _STORE).is_file():
        backup_store(place / _STORE, part / _STORE)
    sync_tree(part)
    part.rename(backup)
    sync_folder(backup.parent)
