"""`vidset dataset diff`."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from vidset.cli.command import described
from vidset.cli.completing import complete_versions
from vidset.cli.console import answer, say
from vidset.cli.dataset.display import show_counts, some
from vidset.cli.dataset.options import Limit
from vidset.cli.flags import Json, Place, Quiet

_WHATS = ("added", "removed", "relabeled", "moved", "restated", "made", "unmade", "replaced")
_PER_LABEL = ("added", "removed", "relabeled_from", "relabeled_to", *_WHATS[3:])


@dataclass(frozen=True, slots=True)
class Compared:
    """The object that --json prints.

    Attributes:
        is_made_from: whether B came from A.
        counts, labels: how many images changed how, in all and by label.
        images: all of them, by what became of them; of pairs also what changed, a line each.
    """

    place: str
    a: str
    b: str
    is_made_from: bool
    counts: dict[str, int]
    labels: dict[str, dict[str, int]]
    images: dict[str, list[dict[str, Any]]]


@described(
    "vidset dataset diff v0 v1",
    "vidset dataset diff v0 v1 --show 50",
    part="dataset",
    result="vidset.cli.dataset.diff:Compared",
)
def diff(
    a: Annotated[
        str, typer.Argument(metavar="A", help="A version.", autocompletion=complete_versions)
    ],
    b: Annotated[
        str,
        typer.Argument(metavar="B", help="The later version.", autocompletion=complete_versions),
    ],
    limit: Limit = 10,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare two versions: images, labels, objects, splits, licences."""
    from vidset.cli.dataset.versions import Versions
    from vidset.datasets.versions.ancestors import is_made_from
    from vidset.datasets.versions.diff import diff_versions

    versions = Versions.at(place, "diff")
    ids = versions.repository.resolve(a), versions.repository.resolve(b)
    found = diff_versions(versions.repository, *ids)
    lineage = is_made_from(versions.repository, *ids)
    told = found.to_dict()

    def shown() -> None:
        called = " to ".join(map(versions.called, ids))
        say(called + (", which was made from it" if lineage else ""))
        each = (f"{number:,} {what}" for what, number in found.counts.items() if number)
        say(", ".join(each) or "no images")
        per_label = found.per_label()
        columns = [what for what in _PER_LABEL if any(what in row for row in per_label.values())]
        if per_label:
            show_counts(per_label, columns)
        for what in _WHATS:
            rows = told[what]
            if rows and limit:
                say(f"{what}:")
                for line in some([_line(row) for row in rows], limit):
                    say(f"  {line}")

    answer(
        Compared(
            place=versions.project.place,
            a=ids[0],
            b=ids[1],
            is_made_from=lineage,
            counts=told["counts"],
            labels=told["labels"],
            images={what: told[what] for what in _WHATS},
        ),
        shown,
        as_json=as_json,
        quiet=quiet,
        project=versions.project,
        next_words=f"vidset train {versions.called(ids[1])}",
    )


def _line(row: dict[str, Any]) -> str:
    """An image, or a pair of them, as one line."""
    after = row.get("after", row)
    before = row.get("before", after)
    labels = "; ".join(row.get("changes", ())) or ", ".join(after["labels"]) or "nothing in it"
    split = after["split"]
    if before["split"] != split:
        split = f"{before['split']} -> {split}"
    return f"{after['image_uri']} ({split}): {labels}"
