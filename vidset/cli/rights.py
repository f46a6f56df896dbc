"""`vidset rights`: shows what is stated of videos, and states it anew."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from vidset.cli.command import described
from vidset.cli.flags import As, Collector, DryRun, Json, Place, Quiet, Videos, Yes

if TYPE_CHECKING:
    from vidset.lineage.stating import Stated

_NAMED = 10


@dataclass(frozen=True, slots=True)
class VideoRights:
    """A video and what is stated of it.

    Attributes:
        before, after: this call; they are equal where it changed nothing.
    """

    video_uri: str
    generation: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True)
class RightsOfVideos:
    """The object that `vidset rights --json` prints.

    Attributes:
        licences: how many of the videos are of which licence after this call; NOASSERTION where
            none is stated.
        changed: how many videos have other rights now, or would have with `is_dry`.
        actor: who stated it; null where nothing was stated.
        place: null with --ledger.
        ledger: in BigQuery; null for a place.
    """

    place: str | None
    is_dry: bool
    changed: int
    actor: str | None
    ledger: str | None = None
    licences: dict[str, int] = field(default_factory=dict)
    videos: list[VideoRights] = field(default_factory=list)


@described(
    "vidset rights",
    "vidset rights cam1/drive-7.mp4 --rights license=CC-BY-4.0",
    "vidset rights --collector car-7 --rights license=CC-BY-4.0 --ledger bq://PROJECT.vidset",
    part="dataset",
    result="vidset.cli.rights:RightsOfVideos",
    stage="Videos",
    note=(
        "Dataset versions stay as they are: make a new one, and vidset dataset diff names the "
        "images. To take a licence back, state license=NOASSERTION."
    ),
)
def rights(
    videos: Videos = None,
    collector: Collector = None,
    statements: Annotated[
        list[str] | None,
        typer.Option(
            "--rights",
            metavar="KEY=VALUE",
            help="State the license, license_url, attribution, obtained_from or consent of these "
            "videos, whatever was stated before; may be repeated.",
        ),
    ] = None,
    ledger: Annotated[
        str | None,
        typer.Option(
            metavar="WHERE",
            help="Instead of a place, the ledger in BigQuery: bq://PROJECT.DATASET.",
        ),
    ] = None,
    actor: As = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show the licences of videos and other rights, or state them.

    Nothing is extracted again. The newer statement holds, key by key, also when a video is
    extracted again; vidset trace shows who made it, and when.
    """
    from vidset.actor import actor_of
    from vidset.cli.console import answer, confirm, plural, working
    from vidset.project import find_project
    from vidset.rights import read_rights

    if ledger and place:
        raise ValueError("wanted either -p PLACE or --ledger, got both")
    if ledger and not ledger.startswith("bq://"):
        raise ValueError(
            f"--ledger: wanted bq://PROJECT.DATASET, got {ledger!r}; -p names ledgers in files"
        )
    where = ledger or find_project(place)
    project = None if isinstance(where, str) else where
    stated = read_rights(statements or ())
    if videos and collector:
        raise ValueError("wanted either VIDEO or --collector ID, got both")
    if stated and not (videos or collector):
        raise ValueError("--rights: wanted a VIDEO or --collector ID that it is stated of")
    with working("Reading the ledger", show=not (as_json or quiet)) as update:
        from vidset.lineage.stating import find_videos, open_videos, state, would_state

        known, opened = open_videos(where)
        found = would_state(find_videos(known, videos or [], collector), stated)
    changed = sum(each.is_changed for each in found)
    by = actor_of(actor) if stated else None
    if by is not None and changed and not dry_run:
        if not (as_json or quiet or yes):
            _show(found, is_dry=True)
        confirm(f"State this of {plural(changed, 'video')}?", yes=yes)
        with working("Stating", show=not (as_json or quiet)) as update:
            changed = state(opened, found, stated, by, lambda done: update(f"{done:,}"))
    # Versions are cut on this machine.
    is_there = project is not None and project.is_folder and not dry_run
    told = [
        VideoRights(each.video_uri, each.generation, each.before.told(), each.after.told())
        for each in found
    ]
    licences = Counter(each.after.license_to_count for each in found)
    answer(
        RightsOfVideos(
            project.place if project else None, dry_run, changed, by, ledger, dict(licences), told
        ),
        lambda: _show(found, is_dry=dry_run),
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words="vidset dataset create" if changed and is_there else None,
    )


def _show(found: "list[Stated]", *, is_dry: bool) -> None:
    from vidset.cli.console import plural, say
    from vidset.rights import told_licences

    changed = [each for each in found if each.is_changed]
    if not found:
        say("no video was extracted here yet")
        return
    if changed:
        has = "would have" if is_dry else "has" if len(changed) == 1 else "have"
        say(f"{plural(len(changed), 'video')} {has} other rights:")
    for each in changed[:_NAMED]:
        before, after = each.before.columns(), each.after.columns()
        told = (
            f"{name} {before[name] or 'not stated'} -> {after[name]}"
            for name in after
            if before[name] != after[name]
        )
        say(f"  {each.video_uri}: {', '.join(told)}")
    if len(changed) > _NAMED:
        say(f"  and {len(changed) - _NAMED:,} more")
    licences = Counter(each.after.license_to_count for each in found)
    say(f"{plural(len(found), 'video')}: {told_licences(licences)}")
