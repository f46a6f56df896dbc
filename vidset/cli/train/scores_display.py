"""Prints the results of `vidset evaluate` and `vidset compare`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vidset.cli.console import plural, show_problems
from vidset.training.running.evaluating import Evaluated

_WORST = 3
_MEASURES = {"accuracy": "accuracy", "ap50": "AP50", "mean_iou": "mean IoU"}


def show_problems_of(evaluated: Evaluated) -> None:
    """Say on stderr why a gate does not pass, and which images stood in training."""
    for result in evaluated.results:
        show_problems(f"stood in training: {leak}" for leak in result.get("leaks", ()))
    if evaluated.verdict is not None:
        show_problems(f"gate: {reason}" for reason in evaluated.verdict.reasons)


def show_results(evaluated: Evaluated, drawn: Path | None = None) -> None:
    """Show results by split, that the gate has passed, and where images were drawn."""
    results, verdict = evaluated.results, evaluated.verdict
    console = Console(highlight=False, soft_wrap=True)
    for result in results:
        _show_result(console, result)
    if verdict is not None and verdict.passes:
        than = f", no worse than {', '.join(verdict.compared_with)}"
        console.print(f"[green]gate passed[/]{than if verdict.compared_with else ''}")
    if drawn is not None:
        console.print(f"{plural(evaluated.drawn, 'image')} drawn in {escape(str(drawn))}")


def show_comparison(found: Mapping[str, Any]) -> None:
    """Show both sides, the differences with their intervals, and the verdict."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"{escape(found['split'])}: {_MEASURES[found['measure']]} on {found['images']:,} images, "
        "evaluation_id "
        f"{found['evaluation_id'][:12]}"
    )
    for name in "baseline", "candidate":
        side = found[name]
        each = ", ".join(f"{value:.3f}" for value in side["scores"])
        version = escape(side["reference"] or side["version"][:12])
        console.print(f"{name:10} {version}: {each} (seeds {', '.join(map(str, side['seeds']))})")
    for key, what in (("best_epoch", "best epoch"), ("last_five", "last five")):
        one = found[key]
        if one is None:
            continue
        interval = one["interval"]
        between = "" if interval is None else f" [{interval[0]:+.3f}, {interval[1]:+.3f}]"
        console.print(
            f"{what:10} {one['baseline']:.3f} -> {one['candidate']:.3f}: "
            f"{one['difference']:+.3f}{escape(between)}{_tests(one)}"
        )
    colour = "green" if found["is_larger_than_noise"] else "yellow"
    console.print(f"[{colour}]{found['verdict']}[/]")


def _tests(one: Mapping[str, Any]) -> str:
    if one["votes"] is None:
        return ""
    return f", permutation p {one['p']:.2g}, McNemar on votes p {one['votes']['p']:.2g}"


def _show_result(console: Console, result: Mapping[str, Any]) -> None:
    low, high = result["interval"] or (float("nan"), float("nan"))
    if "accuracy" in result:
        what, share = "accuracy", result["accuracy"]
    elif "mean_iou" in result:
        what, share = "mean IoU", result["mean_iou"]
    else:
        what, share = "all objects right in", result["exact_share"]
    console.print(
        f"[bold]{escape(result['split'])}[/]: {result['images']:,} images, "
        f"epoch {result['epoch']}, {what} [green]{_number(share)}[/] "
        f"[dim]({low:.3f} to {high:.3f})[/]"
    )
    if "ap50" in result:
        console.print(f"  {_precisions(result)}")
        for by in ("masks", "parts"):
            if by in result:
                console.print(f"  by {by}: {_precisions(result[by])}")
    elif "mean_iou" in result:
        console.print(
            f"  over pixels {_number(result['mean_iou_micro'])}, pixels right "
            f"{_number(result['pixel_accuracy'])}, Dice {_number(result['dice'])}; always the most "
            f"frequent label: {_number(result['constant_guess'])}"
        )
        console.print(
            f"  {result['pixels']:,} pixels, {result['ignored_pixels']:,} more are ignored"
        )
    else:
        console.print(
            f"  macro F1 {result['macro']['f1']:.3f}; always the most frequent label: "
            f"{result['constant_guess']:.3f}"
        )
    if result.get("last_five_mean") is not None:
        number = len(result["last_epochs"])
        console.print(f"  mean of the last {number}: {result['last_five_mean']:.3f}")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    counted, shown = _columns(result)
    keys = list(shown)
    for column in ("  label", counted, *shown.values()):
        table.add_column(column, justify="left" if column == "  label" else "right")
    for label, one in result["labels"].items():
        numbers = (_number(one[key]) for key in keys)
        table.add_row(f"  {escape(label)}", f"{one['support']:,}", *numbers)
    console.print(table)
    worst = sorted(
        (one for one in result["slices"] if one["by"] != "label" and not one["is_small"]),
        key=lambda one: one["share"],
    )
    for one in worst[:_WORST]:
        low, high = one["interval"]
        console.print(
            f"  {one['by']} {escape(one['value'])}: {one['share']:.3f} of {one['images']:,} "
            f"[dim]({low:.3f} to {high:.3f})[/]"
        )


def _precisions(average: Mapping[str, Any]) -> str:
    sizes = ", ".join(f"{name} {_number(ap)}" for name, ap in average["sizes"].items())
    return f"AP {_number(average['ap'])}, AP50 {_number(average['ap50'])}; AP by size: {sizes}"


def _columns(result: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return what is counted of each label, and the heads of its figures."""
    both = {"precision": "precision", "recall": "recall"}
    if "mean_iou" in result:
        return "pixels", {"iou": "IoU", "dice": "Dice", **both}
    if "ap50" in result:
        return "objects", {**both, "f1": "F1", "ap50": "AP50", "answer_score": "score from"}
    return "images", {**both, "f1": "F1"}


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
