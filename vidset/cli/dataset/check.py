"""`vidset dataset check`: what is wrong with a version, or odd."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vidset.cli.command import described
from vidset.cli.dataset.options import Limit, NearDistance, near_distance_of
from vidset.cli.flags import Json, Place, Quiet, Version

if TYPE_CHECKING:
    from vidset.datasets.splits.audit import Audit
    from vidset.datasets.splits.leaks import Image

_KINDS = {
    "exact": "the same file",
    "pixels": "the same pixels in another file",
    "origin": "made from the same image",
    "near": "near duplicates",
    "group": "of one group",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """The object that --json prints; a part that was not asked for is null.

    Attributes:
        leaks: images in several splits, contradictory labels, duplicates and blanks.
        schema: the schema's number and version, and what the version has against it.
    """

    place: str
    version: str
    leaks: dict[str, Any] | None
    schema: dict[str, Any] | None


@described(
    "vidset dataset check",
    "vidset dataset check v1 --schema --fatal",
    part="dataset",
    result="vidset.cli.dataset.check:Checked",
)
def check(
    version: Version = None,
    leaks: Annotated[
        bool, typer.Option("--leaks", help="Only look for leaks, contradictions and blanks.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Only compare with the frozen schema.")
    ] = False,
    fatal: Annotated[
        bool, typer.Option("--fatal", help="Exit with 1 also for what the schema does not expect.")
    ] = False,
    update_schema: Annotated[
        bool, typer.Option("--update-schema", help="Freeze the schema anew at this version.")
    ] = False,
    near_distance: NearDistance = "6",
    limit: Limit = 20,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check a version for leaks (exit 1) and against the schema."""
    from vidset.cli.console import answer, say, show_problems
    from vidset.cli.dataset.display import SHORT_ID
    from vidset.cli.dataset.versions import Versions
    from vidset.datasets.images.near_duplicates import NEAR_DISTANCE
    from vidset.datasets.schema.files import check_schema
    from vidset.datasets.schema.files import update_schema as freeze_anew
    from vidset.datasets.splits.audit import audit
    from vidset.datasets.versions.checks import note_checks

    versions = Versions.at(place, "check")
    distance = near_distance_of(near_distance)
    id_ = versions.chosen(version)
    repository = versions.repository
    both = leaks == schema
    found = compared = None
    if leaks or both:
        found = audit(repository.manifest(id_), repository.measures(id_), distance)
        lines = [*map(str, found.leaks), *map(_images, found.contradictions)]
        if distance is not None and distance >= NEAR_DISTANCE:
            note_checks(repository.root, id_, leaks=lines)
        if not as_json:
            _name(found, limit)
    if schema or both or update_schema:
        against, anomalies = check_schema(repository, id_)
        compared = {
            "number": against.number,
            "version": against.version,
            "anomalies": [asdict(each) for each in anomalies],
        }
        show_problems(map(str, anomalies) if not as_json else ())
        note_checks(repository.root, id_, anomalies=list(map(str, anomalies)))
    updated = freeze_anew(repository, id_) if update_schema else None
    if updated is not None:
        _, now_odd = check_schema(repository, id_)
        note_checks(repository.root, id_, anomalies=list(map(str, now_odd)))

    def shown() -> None:
        if found is not None:
            _summarize(found)
        if compared is not None:
            number = len(compared["anomalies"])
            many = f"{number} anomalies" if number else "nothing odd"
            schema_version = versions.called(compared["version"])
            say(f"{many}, by schema {compared['number']} (of version {schema_version})")
        if updated is not None:
            say(f"schema {updated.number}: versions are to be like {id_[:SHORT_ID]} from now on")

    has_leaks = found is not None and bool(found.leaks or found.contradictions)
    answer(
        Checked(versions.project.place, id_, found and found.to_dict(), compared),
        shown,
        as_json=as_json,
        quiet=quiet,
        project=versions.project,
        next_words=None if has_leaks else f"vidset train {versions.called(id_)}",
    )
    if has_leaks or (fatal and compared is not None and compared["anomalies"]):
        raise typer.Exit(1)


def _name(found: "Audit", limit: int) -> None:
    """Name the images, on stderr."""
    for kind, words in _KINDS.items():
        lines = [str(leak) for leak in found.leaks if leak.kind == kind]
        _list(f"{len(lines)} pairs, {words}:", lines, limit)
    contradictions = [_images(each) for each in found.contradictions]
    _list("the same pixels with unequal labels:", contradictions, limit)
    _list("blank:", [_images([each]) for each in found.blanks], limit)


def _list(title: str, lines: Sequence[str], limit: int) -> None:
    from vidset.cli.console import show_problems
    from vidset.cli.dataset.display import some

    if lines:
        show_problems([title, *(f"  {line}" for line in some(lines, limit))])


def _images(images: "Sequence[Image]") -> str:
    return ", ".join(f"{each.image_uri} ({each.split}, {each.label})" for each in images)


def _summarize(found: "Audit") -> None:
    from vidset.cli.console import say

    for each in found.crossings():
        say(
            f"{each['a_images']:,} of {each['a']} and {each['b_images']:,} of {each['b']}: "
            f"{_KINDS[each['kind']]}"
        )
    if not found.leaks:
        say("no image is in several splits")
    copies = sum(len(each) - 1 for each in found.duplicates)
    say(
        f"{found.images:,} images, {len(found.blanks)} blank, {copies} copies within a split, "
        f"{len(found.contradictions)} labeled in several ways"
    )
    if found.crowded:
        say(
            f"{found.crowded:,} were not compared with all others for nearness: too many different "
            "pictures have their perceptual hash"
        )
