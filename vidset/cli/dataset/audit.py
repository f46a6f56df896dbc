"""`vidset dataset audit`."""

import json
from collections.abc import Sequence

from vidset.cli.dataset.display import say, warn
from vidset.cli.dataset.near_distance import near_distance_of
from vidset.datasets.splits.audit import Audit
from vidset.datasets.splits.audit import audit as look
from vidset.datasets.splits.leaks import KINDS, Image
from vidset.datasets.versions.repository import Repository

_KINDS = dict(
    zip(
        KINDS,
        (
            "the same file",
            "the same pixels in another file",
            "made from the same image",
            "near duplicates",
            "of one group",
        ),
        strict=True,
    )
)


def run_audit(
    repository: str,
    reference: str,
    near_distance: str,
    limit: int,
    *,
    as_json: bool = False,
    quiet: bool = False,
) -> int:
    """Say what crosses the split; the exit code is 1 for leaks and contradictions.

    Raises:
        ValueError: the distance is none, or there is no such version.
    """
    distance = near_distance_of(near_distance)
    place = Repository(repository)
    found = look(place.manifest(reference), place.measures(reference), distance)
    if as_json:
        print(json.dumps({"version": place.resolve(reference), **found.to_dict()}))
    else:
        _name(found, limit)
        if not quiet:
            _summarize(found)
    return 1 if found.leaks or found.contradictions else 0


def _name(found: Audit, limit: int) -> None:
    """The images, on stderr."""
    for kind in KINDS:
        leaks = [str(leak) for leak in found.leaks if leak.kind == kind]
        _list(f"{len(leaks)} pairs, {_KINDS[kind]}:", leaks, limit)
    contradictions = [_images(each) for each in found.contradictions]
    _list("the same pixels with unequal labels:", contradictions, limit)
    _list("blank:", [_images([each]) for each in found.blanks], limit)


def _list(title: str, lines: Sequence[str], limit: int) -> None:
    if lines:
        more = len(lines) - limit
        warn([title, *(f"  {line}" for line in lines[:limit])])
        warn([f"  and {more:,} more; --json names all"] if more > 0 else [])


def _images(images: Sequence[Image]) -> str:
    return ", ".join(f"{each.image_uri} ({each.split}, {each.label})" for each in images)


def _summarize(found: Audit) -> None:
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
