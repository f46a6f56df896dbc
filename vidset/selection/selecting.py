"""`vidset select`: which images are labeled next, and why."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from vidset.embeddings.embedder import Embedder, KnowsCopies
from vidset.embeddings.neighbours import Neighbours
from vidset.selection.choosing import Chosen, choose
from vidset.selection.cover import Copies, Cover, Nearest, exactly
from vidset.selection.gathering import Gathered, Sources, gather
from vidset.selection.pool import Pool
from vidset.selection.selection_file import Selection, make_selection, write_selection
from vidset.versions import vidset_version

# Up to so many labeled images, each candidate that is wanted is compared with all of them.
_MOST_EXACT = 20_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """The wish for a selection.

    Attributes:
        number: how many images.
        quotas: by strategy; they sum to 1.
        budget: how the number came about, for the record.
        actor: who wants it.
    """

    number: int
    quotas: Mapping[str, float]
    budget: Mapping[str, Any]
    actor: str


@dataclass(frozen=True, slots=True, eq=False)
class Selected:
    """A selection with what became of the other images.

    Attributes:
        counts: see `vidset.selection.gathering.Gathered`, and `covered`: candidates that nearly
            repeat what is labeled or chosen.
        lacking: strategies that could not choose, and what they lack.
        uri: of the file; None where nothing was written.
    """

    selection: Selection
    counts: Counter[str]
    lacking: Mapping[str, str]
    uri: str | None


def select(sources: Sources, wanted: Wanted, *, is_dry: bool = False) -> Selected:
    """Choose images and write the selection down.

    Raises:
        ValueError: a source is damaged, or no strategy can choose anything.
    """
    gathered = gather(sources)
    pool = gathered.pool
    chosen = choose(pool, wanted.quotas, wanted.number, _cover(pool, sources.embedder))
    gathered.counts["covered"] = chosen.covered
    selection = _selection(gathered, chosen, wanted, sources.seed)
    uri = None
    if not is_dry and chosen.picks:
        uri = write_selection(str(sources.place.out), selection)
    return Selected(selection, gathered.counts, chosen.lacking, uri)


def _selection(gathered: Gathered, chosen: Chosen, wanted: Wanted, seed: int) -> Selection:
    rows = [
        {
            "image_id": image.id,
            "image_uri": image.uri,
            "image_sha256": image.image_sha256,
            "video_uri": image.video_uri,
            "strategy": name,
            "score": pick.score,
            "reason": pick.reason,
        }
        for name, pick in chosen.picks
        for image in [gathered.pool.images[pick.place]]
    ]
    made_from = {
        "quotas": dict(wanted.quotas),
        "seed": seed,
        "budget": {"images": wanted.number, **wanted.budget},
        "inputs": gathered.inputs,
        "counts": dict(gathered.counts),
        "lacking": chosen.lacking,
        "vidset": vidset_version(),
    }
    made_at = datetime.now(UTC).isoformat(timespec="microseconds")
    return make_selection(rows, made_from, {"made_at": made_at, "actor": wanted.actor})


def _cover(pool: Pool, embedder: Embedder | None) -> Cover:
    if embedder is None:
        return Cover(pool, None, exactly(pool.taken_vectors))
    copies: Copies = embedder.zoomed if isinstance(embedder, KnowsCopies) else lambda _: ()
    many = len(pool.taken_vectors) > _MOST_EXACT
    nearest = _roughly(pool.taken_vectors) if many else exactly(pool.taken_vectors)
    return Cover(pool, embedder.near, nearest, copies)


def _roughly(others: np.ndarray) -> Nearest:
    """Return what finds the nearest of very many vectors in a graph of them."""
    found = Neighbours(others.shape[1])
    found.add(others)
    return lambda vectors: found.search(vectors.astype(np.float16), 1).cosines[:, 0]
