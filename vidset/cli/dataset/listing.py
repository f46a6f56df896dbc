"""`vidset dataset list`, `show` and `name`."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

from vidset.cli.command import described
from vidset.cli.dataset.options import Move
from vidset.cli.flags import As, Json, Place, Quiet, Version

_LISTED = 5


@dataclass(frozen=True, slots=True)
class Listing:
    """The object that --json prints: versions, oldest first."""

    place: str
    versions: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Shown:
    """The object that --json prints of a version.

    Attributes:
        licences: how many images are of which licence; NOASSERTION where none is stated.
        namings: which names were given to it, by whom and when.
        details: what its version.json says, with who made it as `actor`.
    """

    place: str
    version: str
    names: list[str]
    images: int
    splits: list[str]
    labels: dict[str, dict[str, int]]
    licences: dict[str, int]
    namings: list[dict[str, Any]]
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Renamed:
    """The object that --json prints: the name, and its versions now and before."""

    place: str
    name: str
    version: str
    before: str | None
    actor: str


@described(
    "vidset dataset list",
    "vidset dataset list --json",
    part="dataset",
    result="vidset.cli.dataset.listing:Listing",
)
def list_(place: Place = None, as_json: Json = False, quiet: Quiet = False) -> None:
    """List the versions, oldest first."""
    from vidset.cli.console import answer, say, table
    from vidset.cli.dataset.display import SHORT_ID
    from vidset.cli.dataset.versions import Versions
    from vidset.datasets.versions.listing import list_versions

    versions = Versions.at(place, "list")
    found = list_versions(versions.repository)

    def shown() -> None:
        if not found:
            say(f"{versions.project.place}: no dataset versions yet")
            return
        rows = [
            [
                ", ".join(each.names) or None,
                each.id[:SHORT_ID],
                (each.created_at or "")[:19],
                each.images,
                each.actor,
                each.message or None,
            ]
            for each in found
        ]
        say(table(["name", "version", "created", "images", "by", "message"], rows))

    rows = [
        {"version": each.id, **{k: v for k, v in asdict(each).items() if k != "id"}}
        for each in found
    ]
    answer(
        Listing(versions.project.place, rows),
        shown,
        as_json=as_json,
        quiet=quiet,
        project=versions.project,
        next_words="vidset dataset show" if found else "vidset dataset create",
    )


@described(
    "vidset dataset show",
    "vidset dataset show v0 --json",
    part="dataset",
    result="vidset.cli.dataset.listing:Shown",
)
def show(
    version: Version = None, place: Place = None, as_json: Json = False, quiet: Quiet = False
) -> None:
    """Show how a version was made, and its images by label."""
    from vidset.cli.console import answer, say
    from vidset.cli.dataset.counts import show_labels
    from vidset.cli.dataset.display import SHORT_ID
    from vidset.cli.dataset.versions import Versions
    from vidset.datasets.versions.counts import label_counts
    from vidset.datasets.versions.licences import licences_of
    from vidset.datasets.versions.listing import names_by_id
    from vidset.rights import UNSTATED, told_licences

    versions = Versions.at(place, "show")
    id_ = versions.chosen(version)
    repository = versions.repository
    images, details = repository.manifest(id_), repository.details(id_)
    names = names_by_id(repository).get(id_, [])
    licences = dict(licences_of(images.table))
    namings = [each for each in repository.namings() if each.version == id_]

    def shown() -> None:
        parts = [id_[:SHORT_ID], str(details.get("created_at", ""))[:19], f"{len(images):,} images"]
        say("  ".join(filter(None, [*parts, ", ".join(names), details.get("message", "")])))
        if actor := details.get("actor"):
            say(f"made by {actor}")
        if reviewer := (details.get("fixes") or {}).get("actor"):
            say(f"reviewed by {reviewer}")
        for each in namings:
            say(f"named {each.name} by {each.actor}, {each.at[:10]}")
        for parent in details.get("parents", []):
            say(f"made from {versions.called(parent)}")
        show_labels(images)
        if set(licences) != {UNSTATED}:
            say(f"licences: {told_licences(licences)}")
        for kind, number in details.get("left_out", {}).items():
            say(f"left out: {number:,} x {kind}")
        for what in "faults", "dropped", "leaks", "overridden":
            lines = details.get(what, [])
            if lines:
                say(f"{what}: {len(lines):,}, such as")
            for line in lines[:_LISTED]:
                say(f"  {line}")

    answer(
        Shown(
            place=versions.project.place,
            version=id_,
            names=names,
            images=len(images),
            splits=images.splits,
            labels=label_counts(images.table),
            licences=licences,
            namings=[asdict(each) for each in namings],
            details=details,
        ),
        shown,
        as_json=as_json,
        quiet=quiet,
        project=versions.project,
        next_words=f"vidset train {versions.called(id_)}",
    )


@described(
    "vidset dataset name current v3",
    "vidset dataset name current v4 --move --as Ada",
    part="dataset",
    result="vidset.cli.dataset.listing:Renamed",
)
def name(
    new_name: Annotated[str, typer.Argument(metavar="NAME", help="The name to give.")],
    version: Annotated[
        str, typer.Argument(metavar="VERSION", help="A version's name or id, or its beginning.")
    ],
    move: Move = False,
    actor: As = None,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Let a name stand for a version."""
    from vidset.actor import actor_of
    from vidset.cli.console import answer, say
    from vidset.cli.dataset.display import SHORT_ID
    from vidset.cli.dataset.versions import Versions

    by, versions = actor_of(actor), Versions.at(place, "name")
    before = versions.repository.names().get(new_name)
    id_ = versions.repository.resolve(version)
    versions.repository.name_version(new_name, id_, move=move, actor=by)
    moved = f", no longer for {before[:SHORT_ID]}" if before not in (None, id_) else ""
    answer(
        Renamed(versions.project.place, new_name, id_, before, by),
        lambda: say(f"{new_name} stands for version {id_[:SHORT_ID]}{moved}"),
        as_json=as_json,
        quiet=quiet,
        project=versions.project,
        next_words=f"vidset dataset show {new_name}",
    )
