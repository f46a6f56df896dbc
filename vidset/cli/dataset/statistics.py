"""`vidset dataset statistics`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vidset.cli.command import described
from vidset.cli.flags import Json, Output, Overwrite, Place, Quiet, Version


@dataclass(frozen=True, slots=True)
class Described:
    """The object that --json prints: statistics by split, and the page if one was written."""

    place: str
    version: str
    images: int
    splits: dict[str, Any]
    output: str | None


@described(
    "vidset dataset statistics",
    "vidset dataset statistics v0 -o v0.html",
    part="dataset",
    result="vidset.cli.dataset.statistics:Described",
)
def statistics(
    version: Version = None,
    output: Output = None,
    overwrite: Overwrite = False,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show what a version's images are like, split by split.

    With -o, a page of them is written as well.
    """
    from vidset.cli.console import answer, say
    from vidset.cli.dataset.display import SHORT_ID
    from vidset.cli.dataset.versions import Versions
    from vidset.datasets.schema.page import draw_page
    from vidset.datasets.schema.statistics import describe
    from vidset.datasets.versions.repository import write_atomically
    from vidset.output import new_file

    page = None if output is None else new_file("--output", output, overwrite=overwrite)
    versions = Versions.at(place, "statistics")
    id_ = versions.chosen(version)
    found = describe(versions.repository.manifest(id_), versions.repository.measures(id_))
    if page is not None:
        called = versions.called(id_)
        title = f"{called} ({id_[:SHORT_ID]})" if called != id_[:SHORT_ID] else id_
        write_atomically(page, draw_page(title, found).encode())

    def shown() -> None:
        _show(found["splits"])
        if page is not None:
            say(f"page  {page}")

    answer(
        Described(
            place=versions.project.place,
            version=id_,
            images=found["images"],
            splits=found["splits"],
            output=None if page is None else str(page),
        ),
        shown,
        as_json=as_json,
        quiet=quiet,
        project=versions.project,
        next_words=f"vidset dataset check {versions.called(id_)}",
    )


def _show(splits: Mapping[str, Any]) -> None:
    from vidset.cli.console import say, table
    from vidset.cli.dataset.display import show_counts

    names = list(splits)
    labels = sorted({label for each in splits.values() for label in each["labels"]})
    rows = {
        label: {name: splits[name]["labels"].get(label, 0) for name in names} for label in labels
    }
    totals = {
        "images": {name: splits[name]["images"] for name in names},
        "groups": {name: splits[name]["groups"] for name in names},
        "objects": {name: sum(splits[name]["objects"].values()) for name in names},
        "blank": {name: splits[name]["blanks"]["images"] for name in names},
        "without label": {name: splits[name]["unlabeled"] for name in names},
    }
    show_counts(rows, names)
    show_counts({name: row for name, row in totals.items() if any(row.values())}, names)
    _show_pixels(splits)
    told = []
    for feature in next(iter(splits.values()))["numbers"]:
        for name in names:
            numbers = splits[name]["numbers"][feature]
            if numbers["count"]:
                cells = [_rounded(numbers[each]) for each in ("mean", "deviation", "min", "max")]
                told.append([feature, name, *cells])
    say(table(["", "split", "mean", "deviation", "least", "most"], told))


def _show_pixels(splits: Mapping[str, Any]) -> None:
    """Show how much of each split the objects of each label cover, where outlines or masks are."""
    from vidset.cli.console import say, table

    rows = []
    for name, each in splits.items():
        total = sum(areas["sum"] for areas in each["pixels"].values())
        if not {"mask", "polygon"} & set(each["types"]) or not total:
            continue
        for label, areas in each["pixels"].items():
            share = f"{areas['sum'] / total:.1%}"
            mean = areas["sum"] / areas["count"]
            numbers = [_rounded(value) for value in (mean, areas["min"], areas["max"])]
            rows.append([label, name, f"{areas['sum']:,.0f}", share, *numbers])
    if rows:
        say(table(["label", "split", "pixels", "share", "mean area", "least", "most"], rows))


def _rounded(value: float) -> float:
    """Four digits are enough for the eye, and what is nothing but rounding is 0."""
    return 0 if abs(value) < 1e-6 else float(f"{value:.4g}")
