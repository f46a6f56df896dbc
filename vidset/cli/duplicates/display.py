"""The result of `vidset duplicates`, as --json prints it and as a person reads it."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from vidset.cli.console import number, plural, say, share, table
from vidset.cli.results import Rows
from vidset.embeddings.computing import EmbedSummary
from vidset.embeddings.duplicates import COPY, MIRRORED, Cluster, Duplicates, Repeat
from vidset.embeddings.embedder import Embedder, KnowsCopies
from vidset.plan.budget import Budget

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Unread:
    """An image that cannot be read, and was not compared."""

    image_uri: str
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """The duplicates across the videos of a place. With --shard it is null what they are.

    Attributes:
        embedder: the id of what made the vectors.
        images: kept images, with --shard different ones of the shard; `new` were embedded now.
        duplicates: images in `clusters` of kind "copy".
        spare: of them, all but one of each cluster.
        cost: of labeling the spare ones.
        mirrored: images in clusters of kind "mirrored"; null if the embedder cannot tell.
        repeats: videos that repeat others.
        output: the file with all clusters; null if none was asked for.
    """

    place: str
    embedder: str
    images: int
    new: int
    duplicates: int | None
    spare: int | None
    price: float
    currency: str
    cost: float | None
    mirrored: int | None
    repeats: list[Repeat] | None
    clusters: Rows[Cluster] | None
    failed: list[Unread]
    output: str | None


def found_of(
    place: str,
    embedder: Embedder,
    summary: EmbedSummary,
    found: Duplicates,
    budget: Budget,
    output: Path | None,
) -> Found:
    """Return what was found as --json prints it."""
    clusters, images = found.count(COPY)
    return Found(
        place=place,
        embedder=embedder.id,
        images=found.images,
        new=summary.new,
        duplicates=images,
        spare=images - clusters,
        price=budget.price,
        currency=budget.currency,
        cost=budget.cost(images - clusters),
        mirrored=found.count(MIRRORED)[1] if isinstance(embedder, KnowsCopies) else None,
        repeats=found.repeats(),
        clusters=Rows(each for kind in (COPY, MIRRORED) for each in found.clusters(kind)),
        failed=[Unread(uri, reason) for uri, reason in summary.failed],
        output=None if output is None else str(output),
    )


def embedded_of(place: str, summary: EmbedSummary, budget: Budget) -> Found:
    """Return what --json prints of a shard, of which nothing was compared."""
    return Found(
        place=place,
        embedder=summary.embedder,
        images=summary.images,
        new=summary.new,
        duplicates=None,
        spare=None,
        price=budget.price,
        currency=budget.currency,
        cost=None,
        mirrored=None,
        repeats=None,
        clusters=None,
        failed=[Unread(uri, reason) for uri, reason in summary.failed],
        output=None,
    )


def show_found(found: Found) -> None:
    """Print what repeats what, the largest clusters, and what labeling them all would cost."""
    say(f"images      {found.images:,}, {found.new:,} of them new")
    if found.duplicates is None or found.clusters is None:
        say("duplicates  not looked for: without --shard the same command does")
        return
    say(f"duplicates  {plural(found.duplicates, 'image')} that other videos show as well")
    if found.duplicates:
        part = share((found.spare or 0) / found.images)
        money = f"{number(found.cost or 0)} {found.currency} at {found.price:g} an image"
        say(f"spare       {found.spare:,} ({part}): one of each cluster will do; all cost {money}")
    if found.mirrored:
        say(f"mirrored    {plural(found.mirrored, 'image')} that another video shows mirrored")
    if found.mirrored is None:
        say(f"mirrored    {found.embedder} does not tell mirrored images apart")
    if found.repeats:
        rows = [
            [each.video_uri, each.repeats_uri, each.kind, f"{each.images:,} of {each.of_images:,}"]
            for each in found.repeats[:_SHOWN]
        ]
        say("")
        say(table(["video", "repeats", "kind", "images"], rows))
        _say_more(len(found.repeats))
    largest = list(islice(found.clusters.items, _SHOWN))
    if largest:
        rows = [
            [each.kind, len(each.members), each.videos, each.collectors, each.days, first]
            for each in largest
            for first in [each.members[0].image_uri]
        ]
        say("")
        say(table(["cluster", "images", "videos", "collectors", "days", "the first one"], rows))
    if found.output:
        say(f"\nAll clusters are in {found.output}")


def _say_more(count: int) -> None:
    if count > _SHOWN:
        say(f"and {count - _SHOWN:,} more")
