"""A version that a command has made: named, and shown in the same way by all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vidset.cli.console import say
from vidset.cli.dataset.display import SHORT_ID
from vidset.cli.events import tell_catalogue
from vidset.datasets.versions.names import check_name

if TYPE_CHECKING:
    from vidset.cli.dataset.versions import Versions
    from vidset.datasets.versions.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Made:
    """The object that --json prints of a new version.

    Attributes:
        version: its id.
        is_new: false where the same version was there already.
        splits: how many images each side has.
        labels: for each label, how many images of each side have it.
        warnings: all that was said on stderr.
    """

    place: str
    version: str
    name: str | None
    is_new: bool
    images: int
    splits: Mapping[str, int]
    labels: Mapping[str, Mapping[str, int]]
    warnings: list[str] = field(default_factory=list)


def check_new_name(
    versions: "Versions", name: str | None, parent: str | None, *, move: bool
) -> None:
    """Refuse a name before any work: one that cannot be, or that the version itself has.

    Raises:
        ValueError: it is.
    """
    if name is None:
        return
    check_name(name)
    before = versions.repository.names().get(name)
    if parent is not None and before == parent and not move:
        raise ValueError(
            f"the name {name} stands for the version that is to be changed: give the new one "
            "another name, or let --move take the name over"
        )


def name_made(versions: "Versions", name: str | None, id_: str, *, move: bool, actor: str) -> None:
    """Let the name stand for the new version, and tell a catalogue of it.

    Raises:
        NameTakenError: it stands for another version; the new one is there, without a name.
    """
    repository = versions.repository
    if name is not None:
        repository.name_version(name, id_, move=move, actor=actor)
    details = repository.details(id_)
    job = "apply" if details.get("recipe") else "fix" if details.get("fixes") else "create"
    tell_catalogue(
        versions.project.place,
        f"dataset {job}",
        [f"versions/{parent}" for parent in details.get("parents") or ()],
        [f"versions/{id_}"],
        actor=actor,
        name=name,
    )


def facts_of(
    versions: "Versions", images: "Manifest", name: str | None, *, is_new: bool, warnings: list[str]
) -> dict[str, Any]:
    """The fields of `Made`."""
    splits = {each: images.table["split"].to_pylist().count(each) for each in images.splits}
    from vidset.datasets.versions.counts import label_counts

    return {
        "place": versions.project.place,
        "version": images.id,
        "name": name,
        "is_new": is_new,
        "images": len(images),
        "splits": splits,
        "labels": label_counts(images.table),
        "warnings": warnings,
    }


def show_made(made: Made, images: "Manifest") -> None:
    """Print a version's id, name and counts."""
    from vidset.cli.dataset.counts import show_labels

    there = "" if made.is_new else ", which was there already"
    called = f" {made.name}" if made.name else ""
    say(f"version {made.version[:SHORT_ID]}{called}: {made.images:,} images{there}")
    show_labels(images)
