"""`vidset dataset push` and `pull`: versions to and from a folder, a bucket or a DVC repository."""

from dataclasses import dataclass
from typing import Annotated

import typer

from vidset.cli.command import described
from vidset.cli.completing import complete_versions
from vidset.cli.dataset.options import Leaks, Move, SkipFaults
from vidset.cli.events import tell_catalogue
from vidset.cli.flags import As, Json, Name, Place, Quiet

_URLS = "A folder, gs://bucket/prefix, s3://bucket/prefix, or dvc:FOLDER."
_References = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="VERSION",
        help="The versions to bring.",
        show_default="all of them",
        autocompletion=complete_versions,
    ),
]


@dataclass(frozen=True, slots=True)
class Moved:
    """The object that --json prints.

    Attributes:
        remote: where versions went to or came from.
        versions: their ids.
        images, size_bytes: what was transferred; what was there already is not counted.
        names: those that stand for these versions now, on both sides.
        tag, commit: of git, where the remote is a DVC repository.
        is_as_it_was: of a version that came from DVC: whether nothing was changed there.
        forgotten: versions of which `vidset forget` removed images here. They are left out.
    """

    place: str
    remote: str
    versions: list[str]
    images: int
    size_bytes: int | None = None
    names: tuple[str, ...] = ()
    tag: str | None = None
    commit: str | None = None
    is_as_it_was: bool | None = None
    forgotten: tuple[str, ...] = ()


@described(
    "vidset dataset push --to gs://team-datasets/roads",
    "vidset dataset push v3 --to dvc:data/roads --git-tag roads-v3",
    part="dataset",
    result="vidset.cli.dataset.exchange_commands:Moved",
)
def push(
    references: _References = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="URL", help=_URLS, show_default="`remote` in vidset.toml"),
    ] = None,
    move: Move = False,
    tag: Annotated[
        str | None,
        typer.Option("--git-tag", metavar="NAME", help="With dvc:, git's tag for the version."),
    ] = None,
    dvc_push: Annotated[
        bool, typer.Option("--dvc-push", help="With dvc:, also push the images to DVC's remote.")
    ] = False,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Bring versions to a bucket or folder that others read."""
    from pathlib import Path

    from vidset.cli.dataset.display import counting
    from vidset.cli.dataset.versions import Versions
    from vidset.cli.stopping import if_stopped
    from vidset.datasets.exchange.remotes import open_remote
    from vidset.datasets.exchange.transfer import push as push_to
    from vidset.datasets.exchange.transfer import whole_versions
    from vidset.lineage.exports import record_export

    versions = Versions.at(place, "push")
    remote = open_remote(versions.project.text("remote", to), "--to", is_made=True)
    repository = versions.repository
    if_stopped("The same command goes on with the images that are not there yet.")
    with counting("Pushing images", show=not (as_json or quiet)) as progress:
        if remote.dvc is None:
            ids = [repository.resolve(each) for each in references or ()] or whole_versions(
                repository
            )
            done = push_to(repository, remote.store, ids, move_names=move, progress=progress)
            left_out = () if references else set(repository.versions()) - set(ids)
            moved = Moved(
                place=versions.project.place,
                remote=remote.url,
                versions=list(done.versions),
                images=done.images,
                size_bytes=done.size_bytes,
                names=done.names,
                forgotten=tuple(sorted(left_out)),
            )
        else:
            if not tag or len(references or ()) > 1:
                raise ValueError("dvc: takes one version, with --git-tag NAME for git's tag")
            from vidset.datasets.exchange.dvc import to_dvc

            id_ = versions.chosen(next(iter(references or ()), None))
            exported = to_dvc(
                repository, id_, Path(remote.dvc), tag, is_pushed=dvc_push, progress=progress
            )
            moved = Moved(
                place=versions.project.place,
                remote=remote.url,
                versions=[exported.version],
                images=exported.images,
                tag=exported.tag,
                commit=exported.commit,
            )
    for id_ in moved.versions:
        number = repository.number_of_images(id_)
        record_export(versions.project.place, id_, "push", remote.url, number)
        tell_catalogue(
            versions.project.place, "dataset push", [f"versions/{id_}"], [remote.url], images=number
        )
    _answer("pushed to", moved, versions, as_json=as_json, quiet=quiet)


@described(
    "vidset dataset pull --from gs://team-datasets/roads",
    "vidset dataset pull --from dvc:https://git.example.com/data#roads@roads-v3 -n v3",
    part="dataset",
    result="vidset.cli.dataset.exchange_commands:Moved",
    note="A DVC remote is dvc:REPOSITORY#PATH, and dvc:REPOSITORY#PATH@TAG for a revision.",
)
def pull(
    references: _References = None,
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="URL", help=_URLS, show_default="`remote` in vidset.toml"),
    ] = None,
    name: Name = None,
    move: Move = False,
    leaks: Leaks = "refuse",
    skip_faults: SkipFaults = False,
    actor: As = None,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Bring versions from a bucket or folder; images are checked.

    --name, --on-leaks and --skip-faults are for dvc: folders, which people may have changed.
    """
    from vidset.actor import actor_of
    from vidset.cli.dataset.display import counting
    from vidset.cli.dataset.made import check_new_name, name_made
    from vidset.cli.dataset.versions import Versions
    from vidset.cli.stopping import if_stopped
    from vidset.datasets.exchange.remotes import dvc_source, open_remote
    from vidset.datasets.exchange.transfer import pull as pull_from

    by, versions = actor_of(actor), Versions.at(place, "pull", is_made=True)
    remote = open_remote(versions.project.text("remote", from_), "--from", is_made=False)
    check_new_name(versions, name, None, move=move)
    repository = versions.repository
    versions.make()
    if_stopped("The same command goes on with the images that are not here yet.")
    with counting("Pulling images", show=not (as_json or quiet)) as progress:
        if remote.dvc is None:
            if name is not None:
                raise ValueError("--name is for dvc: remotes; others bring names along")
            done = pull_from(
                repository,
                remote.store,
                references or [],
                move_names=move,
                actor=by,
                progress=progress,
            )
            moved = Moved(
                place=versions.project.place,
                remote=remote.url,
                versions=list(done.versions),
                images=done.images,
                size_bytes=done.size_bytes,
                names=done.names,
                forgotten=done.forgotten,
            )
        else:
            if references:
                raise ValueError("dvc: has one version at a revision; name it as #PATH@TAG")
            from vidset.datasets.curation.create import Wanted
            from vidset.datasets.exchange.dvc import from_dvc

            wanted = Wanted(leaks=leaks, skip_faults=skip_faults, actor=by)  # pyright: ignore[reportArgumentType]
            found = from_dvc(repository, *dvc_source(remote.dvc), wanted, progress)
            name_made(versions, name, found.version, move=move, actor=by)
            moved = Moved(
                place=versions.project.place,
                remote=remote.url,
                versions=[found.version],
                images=found.images,
                names=(name,) if name else (),
                is_as_it_was=found.is_as_it_was,
            )
    _answer("pulled from", moved, versions, as_json=as_json, quiet=quiet)


def _answer(what: str, moved: Moved, versions, *, as_json: bool, quiet: bool) -> None:
    from vidset.cli.console import answer, plural, say, size

    def shown() -> None:
        images = plural(moved.images, "image")
        much = "" if moved.size_bytes is None else f", {size(moved.size_bytes)}"
        say(f"{plural(len(moved.versions), 'version')} {what} {moved.remote}: {images}{much}")
        if moved.tag is not None:
            say(f"commit {(moved.commit or '')[:12]}, tag {moved.tag}")
        if moved.is_as_it_was is not None:
            say("as it was" if moved.is_as_it_was else "cut from its folders, which were changed")
        if moved.names:
            say(f"names: {', '.join(moved.names)}")
        for id_ in moved.forgotten:
            say(f"version {id_[:12]} is left out: vidset forget removed images of it here")

    answer(
        moved,
        shown,
        as_json=as_json,
        quiet=quiet,
        project=versions.project,
        next_words="vidset dataset list",
    )
