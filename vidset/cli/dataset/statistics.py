"""`vidset dataset statistics`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vidset.cli.dataset.display import SHORT_ID, say, show_counts
from vidset.datasets.schema.page import draw_page, told_numbers
from vidset.datasets.schema.statistics import describe
from vidset.datasets.versions.repository import Repository, write_atomically
from vidset.output import make_output


def run_statistics(
    repository: str,
    reference: str,
    html: str | None,
    *,
    as_json: bool = False,
    quiet: bool = False,
) -> int:
    """Show them, and write a page where it was asked for; the exit code is 0.

    Raises:
        ValueError: there is no such version, or the page's folder cannot be written to.
    """
    page = Path(html) if html is not None else None
    if page is not None:
        make_output(str(page.parent))
    place = Repository(repository)
    id_ = place.resolve(reference)
    found = describe(place.manifest(id_), place.measures(id_))
    if page is not None:
        title = f"{reference} ({id_[:SHORT_ID]})" if reference != id_ else id_
        write_atomically(page, draw_page(title, found).encode())
    if as_json:
        print(json.dumps({"version": id_, **found}))
    elif not quiet:
        _show(found["splits"])
        if page is not None:
            say(f"page  {page}")
    return 0


def _show(splits: Mapping[str, Any]) -> None:
    names = list(splits)
    labels = sorted({label for each in splits.values() for label in each["labels"]})
    rows = {
        label: {name: splits[name]["labels"].get(label, 0) for name in names} for label in labels
    }
    show_counts(rows, names)
    totals = {
        "images": {name: splits[name]["images"] for name in names},
        "groups": {name: splits[name]["groups"] for name in names},
        "objects": {name: sum(splits[name]["objects"].values()) for name in names},
        "blank": {name: splits[name]["blanks"]["images"] for name in names},
        "without label": {name: splits[name]["unlabeled"] for name in names},
    }
    show_counts({name: row for name, row in totals.items() if any(row.values())}, names)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("mean ± deviation (least to most)", *names):
        table.add_column(escape(column), no_wrap=True)
    for feature in next(iter(splits.values()))["numbers"]:
        cells = [told_numbers(splits[name]["numbers"][feature]) for name in names]
        if any(cells):
            table.add_row(escape(feature), *cells)
    console = Console(highlight=False)
    if not console.is_terminal:  # A file or a pipe is as wide as need be.
        console = Console(highlight=False, width=10_000)
    console.print(table)
