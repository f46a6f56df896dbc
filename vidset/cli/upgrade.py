"""`vidset upgrade`: bring a place of an earlier vidset to the format of this one."""

from dataclasses import dataclass

from vidset.cli.command import described
from vidset.cli.console import answer, say
from vidset.cli.flags import DryRun, Json, Place, PlaceArgument, Quiet
from vidset.cli.places import only_place


@dataclass(frozen=True, slots=True)
class Upgraded:
    """Attributes:
    found: the format that the place had.
    now: the format of this vidset.
    steps: what was done, or would be.
    backup: where what stood before is; null where nothing was replaced.
    is_done: false for a dry run.
    """

    place: str
    found: int
    now: int
    steps: tuple[str, ...]
    backup: str | None
    is_done: bool


@described(
    "vidset upgrade roads --dry-run",
    "vidset upgrade gs://example/roads",
    part="label",
    result="vidset.cli.upgrade:Upgraded",
    stage="Begin",
)
def upgrade(
    place: PlaceArgument = None,
    dry_run: DryRun = False,
    place_option: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Bring a place that an earlier vidset wrote to today's format.

    The place is a folder, or a gs:// or s3:// prefix. What will change is copied to `backups` in
    the place first. If the upgrade is stopped halfway, the same command goes on.
    """
    from vidset.places.upgrade import plan_upgrade, upgrade_place
    from vidset.project import find_project

    project = find_project(only_place(place, place_option))
    done = plan_upgrade(project.place) if dry_run else upgrade_place(project.place)

    def show() -> None:
        if not done.steps:
            say(f"{project.place} has format {done.now} already; nothing had to be done.")
            return
        for step in done.steps:
            say(f"{'would ' if dry_run else ''}{step}")
        if done.backup:
            say(f"{'A backup would go' if dry_run else 'A backup went'} to {done.backup}.")

    answer(
        Upgraded(project.place, done.found, done.now, done.steps, done.backup, not dry_run),
        show,
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words="vidset upgrade" if dry_run and done.steps else "vidset status",
    )
