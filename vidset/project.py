"""A project: the place that holds the work, and what its `vidset.toml` says.

The place is found in this order: what was given, the variable VIDSET_PLACE, the nearest
`vidset.toml` upwards from the current folder. Everything lies below it: images, ledgers,
`labels.sqlite`, `datasets/`, `runs/`, `errors/`.
"""

import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vidset.place_format import check_format, note_format
from vidset.project_file import FILE_NAME, KEYS, Value, file_text, from_text, read_file
from vidset.rights import FIELDS, Rights, read_rights
from vidset.suggestions import did_you_mean

_OTHER_STORES = ("bq", "firestore", "amqp", "amqps", "pubsub", "ftp", "http", "https")


class NoPlaceError(ValueError):
    """There is no place, or not the one that was named; `hint` says what to do."""

    def __init__(self, message: str, hint: str = ""):
        super().__init__(message, hint)
        self.hint = hint

    def __str__(self) -> str:
        return self.args[0]


@dataclass(frozen=True, slots=True)
class Project:
    """A place and the settings that go with it.

    Attributes:
        place: a folder's absolute path, or a gs:// or s3:// uri without a slash at its end.
        file: the `vidset.toml` that names the place; None where there is none.
        settings: what the file sets, by key.
        environment: variables beat the file.
        given_store: the store that was named on the command line.
        given_ledger: bq://PROJECT.DATASET, where that was named as what has the ledgers of the
            place; its other tables are the warehouse then.
    """

    place: str
    file: Path | None = None
    settings: Mapping[str, Value] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    given_store: str | None = None
    given_ledger: str | None = None

    @property
    def is_folder(self) -> bool:
        return "://" not in self.place

    def below(self, name: str) -> str:
        """Return the path or uri of something in the place."""
        return f"{self.place}/{name}"

    def folder(self, command: str) -> Path:
        """Return the place as a folder of this machine.

        Raises:
            NoPlaceError: it is a bucket, and `command` cannot work there.
        """
        if not self.is_folder:
            raise NoPlaceError(
                f"{self.place} is in a bucket, and {command} works on a folder of this machine",
                "Name a folder with -p, or make one with vidset init; vidset dataset pull --from "
                "brings versions from a bucket.",
            )
        return Path(self.place)

    def choose(self, key: str, given: Value | None = None) -> Value | None:
        """Return the value of a setting: what was given, else the variable, else the file's.

        None: nobody sets it.

        Raises:
            ValueError: the variable holds no number where one is wanted.
        """
        if given is not None:
            return given
        if told := self.environment.get(KEYS[key].variable):
            return from_text(key, told)
        return self.settings.get(key)

    def text(self, key: str, given: Value | None = None) -> str | None:
        """Return `choose` as text."""
        value = self.choose(key, given)
        return None if value is None else str(value)

    def rights(self, given: Iterable[str] | None = None) -> Rights:
        """Return what is stated of pictures: by KEY=VALUE that were given, else by the settings.

        Raises:
            ValueError: one of them cannot be.
        """
        usual = {name: self.text(f"rights.{name}") for name in FIELDS}
        return read_rights(given or ()).or_else(Rights(**usual))

    @property
    def store(self) -> str | None:
        """The uri of tasks and annotations; None for a bucket that has no store set."""
        default = f"sqlite:{self.below('labels.sqlite')}" if self.is_folder else None
        return self.text("store", self.given_store) or default

    @property
    def warehouse(self) -> str:
        """The folder or uri of the tables."""
        return self.given_ledger or self.text("warehouse") or self.below("warehouse")

    def command(self, words: str, cwd: Path | None = None) -> str:
        """Return `words` as a command that reaches this place from the folder `cwd`.

        The place is named with -p only where it would not be found without it, and the store only
        if it was named.
        """
        cwd = cwd or Path.cwd()
        if self.given_store and words.startswith(("vidset label", "vidset export")):
            words = f"{words} --store {shlex.quote(self.given_store)}"
        try:
            found = find_project(environment=self.environment, cwd=cwd, is_opened=False)
        except ValueError:
            found = None
        if found is not None and found.place == self.place:
            return words
        place = self.place
        if self.is_folder:
            relative = os.path.relpath(place, cwd)
            place = place if relative.startswith("..") else relative
        return f"{words} -p {shlex.quote(place)}"


def find_project(
    place: str | None = None,
    *,
    environment: Mapping[str, str] = os.environ,
    cwd: Path | None = None,
    is_made: bool = False,
    is_opened: bool = True,
) -> Project:
    """Find the place to work in.

    Args:
        place: what the user named, if anything.
        is_made: whether a folder that is not there yet will do, since the command makes it.
        is_opened: whether the place is worked in, so that a bucket is asked for its format.

    Raises:
        NoPlaceError: there is none.
        ValueError: its vidset.toml cannot be used, or a newer vidset has written it.
    """
    cwd = cwd or Path.cwd()
    named = place or environment.get("VIDSET_PLACE")
    if named:
        project = _named(named, environment, cwd)
        return _checked(project, is_made=is_made, is_opened=is_opened)
    file = _nearest(cwd)
    if file is None:
        raise NoPlaceError(
            f"no place to work in: there is no {FILE_NAME} in {cwd} or above it",
            "Make one with vidset init, or name one with -p PLACE.",
        )
    settings = read_file(file)
    project = Project(_place_of(file, settings), file, settings, environment)
    return _checked(project, is_made=is_made, is_opened=is_opened)


def make_place(project: Project) -> None:
    """Make the folder with its `vidset.json`, and a `vidset.toml` unless one names it already.

    Nothing that is there is changed. In a bucket, the place gets its `vidset.json` alone.

    Raises:
        ValueError: the folder cannot be made or written to.
    """
    from vidset.storage.folder import write_once  # Every command imports this module.

    if not project.is_folder:
        note_format(project.place)
        return
    folder = Path(project.place)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        note_format(project.place)
        if project.file is None:
            write_once(str(folder / FILE_NAME), file_text().encode())
    except OSError as error:
        raise ValueError(f"{folder}: the place cannot be made: {error.strerror}") from None


def _named(place: str, environment: Mapping[str, str], cwd: Path) -> Project:
    if "://" in place:
        scheme, _, rest = place.partition("://")
        if scheme in _OTHER_STORES or not rest.strip("/"):
            raise NoPlaceError(f"wanted a place that is a folder, gs:// or s3://, got {place!r}")
        place, start = place.rstrip("/"), cwd
    else:
        start = Path(os.path.normpath(cwd / Path(place).expanduser()))
        place = str(start)
    file, settings = _file_of(place, start)
    return Project(place, file, settings, environment)


def _file_of(place: str, start: Path) -> tuple[Path | None, dict[str, Value]]:
    """Find the nearest file upwards, if it is about this place."""
    file = _nearest(start)
    if file is None:
        return None, {}
    settings = read_file(file)
    return (file, settings) if _place_of(file, settings) == place else (None, {})


def _nearest(folder: Path) -> Path | None:
    folder = folder.absolute()
    files = (each / FILE_NAME for each in (folder, *folder.parents))
    return next((file for file in files if file.is_file()), None)


def _place_of(file: Path, settings: Mapping[str, Value]) -> str:
    return str(settings.get("place", file.parent.absolute())).rstrip("/") or "/"


def _checked(project: Project, *, is_made: bool, is_opened: bool) -> Project:
    if not project.is_folder:
        if is_opened:
            check_format(project.place)
        return project
    folder = Path(project.place)
    if folder.exists() and not folder.is_dir():
        raise NoPlaceError(f"{folder}: wanted a folder to work in, got a file")
    if not folder.exists() and not is_made:
        beside = folder.parent.iterdir() if folder.parent.is_dir() else ()
        near = did_you_mean(folder.name, [each.name for each in beside if each.is_dir()])
        raise NoPlaceError(
            f"{folder}: there is no such place.{near}",
            f"vidset init {shlex.quote(str(folder))} makes it.",
        )
    check_format(project.place)
    return project
