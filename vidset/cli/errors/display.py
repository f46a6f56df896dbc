"""Prints the results of `vidset errors` and `vidset review`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from vidset.naming import visible
from vidset.training.reviewing.errors_folder import Written
from vidset.training.reviewing.finding import Request

_FLAGGED = {
    "classification": "labels are likely wrong",
    "detection": "with objects made up",
    "segmentation": "with more wrong than right",
}


def show_errors(written: Written, request: Request) -> None:
    """Show counts, the first images, and where the page is."""
    details, spans = written.details, written.spans
    console = Console(highlight=False, soft_wrap=True)
    scores, splits = details["scores"], ", ".join(details["splits"])
    if details["task"] == "classification":
        share = f"accuracy {scores['accuracy']:.3f}"
    elif details["task"] == "segmentation":
        share = f"mean IoU {scores['mean_iou']:.3f}"
    else:
        share = f"exact {scores['exact_share']:.3f}"
    how = f"{details['folds']['folds']} folds" if details["folds"] else f"epoch {details['epoch']}"
    console.print(
        f"{escape(splits)} ({how}): {scores['images']:,} images, {details['wrong']:,} wrong, "
        f"{share}"
    )
    what = _FLAGGED[details["task"]]
    console.print(f"{details['flagged']:,} {what}; {len(details['shown']):,} shown")
    for place, image in enumerate(details["shown"][:5]):
        uri, reason = escape(visible(image["image_uri"])), escape(visible(image["reason"]))
        console.print(f"  {place + 1}  {uri}  [dim]{reason}[/]")
    console.print(f"page    {escape(str(request.output / 'index.html'))}")
    if request.sheet:
        console.print(f"sheet   {escape(str(request.sheet))}")
    if request.spans:
        found = f"{spans:,} stretches" if spans else "none: no erring image is of a video"
        console.print(f"spans   {escape(str(request.spans))} ({found})")


def show_review(counts: Mapping[str, Any], fixes: Path) -> None:
    """Show categories with counts, shares and remedies."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{counts['decided']:,} of {counts['shown']:,} images decided")
    wide = max((len(one["name"]) for one in counts["categories"]), default=0)
    wide = max(wide, len("label right"))
    for one in counts["categories"]:
        console.print(
            f"  {escape(one['name']):{wide}}  {one['images']:5,}  {one['percent']:5.1f} %  "
            f"[green]{one['remedy']}[/]"
        )
    right = counts["right"]
    console.print(f"  {'label right':{wide}}  {right['images']:5,}  {right['percent']:5.1f} %")
    actions = counts["actions"]
    console.print(
        f"fixes: {actions['relabel']['images']} to relabel, {actions['remove']['images']} to remove"
    )
    console.print(f"fixes   {escape(str(fixes))}")
