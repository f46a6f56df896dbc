"""A place that an earlier vidset wrote, brought to the format of this one.

A place has its format in `vidset.json`; what version 0.1 wrote has none, which is format 0. Each
step is one `Migration`. Before the first one, what it will change and the store are copied to
`backups/format-N`. The format is noted after each step, and a step may be done twice, so an upgrade
that was stopped goes on when it is started again.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from vidset.json_files import read_object
from vidset.labeling.stores.backup import backup_store
from vidset.project import MARKER
from vidset.storage.writing import remove_tree, write_atomically

_STORE = "labels.sqlite"
# What a place has at least one of.
_SIGNS = ("videos", "frames", _STORE, "datasets", "vidset.toml")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step, from format `to - 1`.

    Attributes:
        says: what it does, for people.
        files: the files that it will change, which are copied before.
        apply: does it. Doing it twice is the same as doing it once.
    """

    to: int
    says: str
    files: Callable[[Path], list[Path]]
    apply: Callable[[Path], None]


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
    """What an upgrade does, or did.

    Attributes:
        found: the format that the place had.
        steps: what there was to do, in order; none for a place of this format.
        backup: the folder with what stood before; None where there was nothing to do.
    """

    found: int
    now: int
    steps: tuple[str, ...]
    backup: str | None


def plan_upgrade(place: Path, migrations: tuple[Migration, ...] = MIGRATIONS) -> Upgrade:
    """Say what `upgrade_place` would do. Nothing is changed.

    Raises:
        ValueError: the folder is no place, or a newer vidset has written it.
    """
    found, newest = format_of(place), migrations[-1].to
    if found > newest:
        raise ValueError(
            f"{place} was written by a newer vidset (format {found}, this one reads {newest}): "
            "upgrade vidset"
        )
    steps = tuple(each.says for each in migrations if each.to > found)
    backup = str(place / "backups" / f"format-{found}") if steps else None
    return Upgrade(found, newest, steps, backup)


def upgrade_place(place: Path, migrations: tuple[Migration, ...] = MIGRATIONS) -> Upgrade:
    """Bring a place to the newest format, after a backup. A place of this format stays as it is.

    Raises:
        ValueError: as `plan_upgrade` does.
    """
    planned = plan_upgrade(place, migrations)
    waiting = [each for each in migrations if each.to > planned.found]
    if planned.backup:
        _back_up(place, Path(planned.backup), waiting)
    for each in waiting:
        each.apply(place)
        _note(place, each.to)
    return planned


def format_of(place: Path) -> int:
    """Return the number of a place's format.

    Raises:
        ValueError: the folder is no place, or its vidset.json is damaged.
    """
    marker = place / MARKER
    try:
        found = read_object(marker, "an object with a format")["format"]
    except FileNotFoundError:
        if not any((place / sign).exists() for sign in _SIGNS):
            raise ValueError(f"{place} is no place of vidset: it has none of {_SIGNS}") from None
        return 0
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{marker} is damaged: wanted an object with a format") from None
    if not isinstance(found, int):
        raise ValueError(f"{marker} is damaged: wanted a number as its format, got {found!r}")
    return found


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
    part.rename(backup)


def _note(place: Path, number: int) -> None:
    said = {"format": number, "written_by": f"vidset {version('vidset')}"}
    write_atomically(place / MARKER, json.dumps(said) + "\n")
