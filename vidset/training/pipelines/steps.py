"""Does the work of the pipeline's steps: the command line, around the shared place of versions.

They know nothing of Kubeflow: `components` hands their results to it.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vidset.datasets.curation.subset import cut_subset
from vidset.datasets.versions.repository import Repository
from vidset.training.pipelines.blessings import fetch_blessed, keep_blessed
from vidset.training.pipelines.calling import SCHEMA, StepFailedError, calling, having

_CAP = "10000"
_NO_METRICS = frozenset({"seed", "epoch"})
_FEWEST_TO_COMPARE = 3


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of images, by label (the rows) and by the label that they were given (the columns)."""

    labels: Sequence[str]
    matrix: Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Scored:
    """A run's scores by split, such as `validation score`, and a classifier's confusion."""

    metrics: Mapping[str, float] = field(default_factory=dict)
    confusion: Confusion | None = None


def resolve(place: str, version: str, subset: int = 0) -> str:
    """Return the id of a version: a name may stand for another one tomorrow.

    Args:
        subset: for a quick try, cut a version of about as many of its images and bring it to the
            place; 0: take it whole.
    """
    with having(place, version) as vidset:
        id_ = vidset("dataset", "show", version).found["version"]
        if not subset:
            return id_
        cut = cut_subset(Repository(vidset.folder / "datasets"), id_, subset)
        vidset("dataset", "push", cut, "--to", place)
        return cut


def create(place: str, source: str, parent: str, group_by: str) -> str:
    """Make a version from a warehouse or another source, and bring it to the place."""
    with calling() as vidset:
        words = ["dataset", "create", source, "--group-by", group_by]
        if parent:
            vidset("dataset", "pull", parent, "--from", place)
            words += ["--parent", parent]
        made = vidset(*words).found["version"]
        vidset("dataset", "push", made, "--to", place)
        return made


def apply(place: str, version: str, recipe: str) -> str:
    """Make the version that a recipe (YAML) makes of one, and bring it to the place."""
    with having(place, version) as vidset:
        (vidset.folder / "recipe.yaml").write_text(recipe, encoding="utf-8")
        made = vidset("dataset", "apply", version, "recipe.yaml", "--cap", _CAP).found["version"]
        vidset("dataset", "push", made, "--to", place)
        return made


def describe(place: str, version: str, target: str) -> Mapping[str, Any]:
    """Write what a dataset artifact holds, its id and its images by split; return the same."""
    with having(place, version) as vidset:
        found = vidset("dataset", "statistics", version).found
    said: dict[str, Any] = {"place": place, "version": found["version"], "images": found["images"]}
    said |= {f"{split} images": each["images"] for split, each in found["splits"].items()}
    _write(target, json.dumps(said, indent=1))
    return said


def statistics(place: str, version: str, page: str) -> Mapping[str, float]:
    """Write the page of a version's statistics; return its images by split."""
    with having(place, version) as vidset:
        words = ("dataset", "statistics", version, "--output", "page.html")
        found = vidset(*words).found
        _write(page, (vidset.folder / "page.html").read_text(encoding="utf-8"))
    counts = {f"{split} images": float(each["images"]) for split, each in found["splits"].items()}
    return {"images": float(found["images"]), **counts}


def schema(place: str, version: str, target: str) -> None:
    """Write the schema that was frozen for the place, which versions are checked against."""
    with having(place, version) as vidset:
        vidset("dataset", "check", version, "--schema")  # Where there was none yet, it freezes one.
        _write(target, (vidset.folder / "datasets" / SCHEMA).read_text(encoding="utf-8"))


def validate(place: str, version: str, *, fatal: bool, report: str) -> Mapping[str, float]:
    """Look for leaks and for what the schema does not expect; write all of it.

    Raises:
        StepFailedError: there are leaks, or with `fatal` anomalies.
    """
    with having(place, version) as vidset:
        words = ("dataset", "check", version, *(["--fatal"] if fatal else []))
        checked = vidset(*words, may_refuse=True)
    _write(report, json.dumps(checked.found, indent=1))
    leaks, compared = checked.found["leaks"], checked.found["schema"]
    counts = {
        "leaks": float(len(leaks["leaks"])),
        "contradictions": float(len(leaks["contradictions"])),
        "anomalies": float(len(compared["anomalies"])),
    }
    if checked.refused:
        each = ", ".join(f"{number:g} {what}" for what, number in counts.items() if number)
        raise StepFailedError(f"version {version[:12]} has {each}; the report names them")
    return counts


def train(
    place: str,
    version: str,
    model: str,
    seed: int,
    epochs: int,
    run: str,
    select_by: str = "",
) -> dict[str, Any]:
    """Train the fixed model on a version with a seed; return what the run is, and its scores.

    Args:
        model: empty: as the labels' kind chooses.
        select_by: the score that chooses the best epoch; empty: the model's first.
    """
    words = ["train", version, "--output", run, "--seeds", str(seed), "--epochs", str(epochs)]
    words += ["--select-by", select_by] if select_by else []
    with having(place, version) as vidset:
        vidset(*words, *(["--model", model] if model else []))
    details = json.loads((Path(run) / "run.json").read_text(encoding="utf-8"))
    names = ("run_id", "model", "recipe_hash", "version", "seed", "epochs", "best_epoch")
    return {"framework": "PyTorch", **{name: details[name] for name in names if name in details}}


def evaluate(place: str, version: str, run: str, target: str) -> Scored:
    """Score a run by label and by slice, and write all of it."""
    with having(place, version) as vidset:
        results = vidset("evaluate", run).found["results"]
    _write(target, json.dumps(results, indent=1))
    metrics = {
        f"{split} {name}": float(value)
        for split, result in results.items()
        for name, value in result.items()
        if isinstance(value, int | float) and name not in _NO_METRICS
    }
    matrices = (each["confusion"] for each in results.values() if "confusion" in each)
    told = next((each for each in matrices if isinstance(each, dict) and "matrix" in each), None)
    return Scored(metrics, Confusion(told["labels"], told["matrix"]) if told else None)


def gate(
    place: str, version: str, run: str, floor: float, slack: float, target: str
) -> Mapping[str, Any]:
    """Hold a run against a floor and the best blessed version; write the verdict.

    Raises:
        StepFailedError: it does not pass; with the reasons.
    """
    with having(place, version) as vidset:
        rivals = vidset.folder / "blessed"
        rivals.mkdir()
        fetch_blessed(place, rivals)
        words = ("evaluate", run, "--floor", str(floor), "--slack", str(slack))
        words += ("--no-worse-than", "best", "--runs", str(rivals))
        answer = vidset(*words, may_refuse=True)
    verdict = answer.found["gate"]
    _write(target, json.dumps(verdict, indent=1))
    if answer.refused:
        raise StepFailedError(f"the gate refuses: {'; '.join(verdict['reasons'])}")
    return verdict


def compare(
    place: str, baseline: Sequence[str], candidate: Sequence[str], target: str
) -> Mapping[str, float]:
    """Tell whether the candidate is better by more than the noise; write all of it.

    Where the versions have evaluation images of their own, the baseline's are taken for both.
    """
    on, other = (
        json.loads((Path(runs[0]) / "run.json").read_text(encoding="utf-8"))["version"]
        for runs in (baseline, candidate)
    )
    with having(place, on, other) as vidset:
        mine, theirs = (
            [vidset("evaluate", run).found["results"] for run in runs]
            for runs in (baseline, candidate)
        )
        if _evaluated_on(mine) != _evaluated_on(theirs):
            for run in candidate:
                vidset("evaluate", run, "--on", on)
        few = min(len(baseline), len(candidate)) < _FEWEST_TO_COMPARE
        words = ("compare", *baseline, "vs", *candidate, *(["--allow-few"] if few else []))
        found = vidset(*words).found
    _write(target, json.dumps(found, indent=1))
    told = found["best_epoch"]
    low, high = told["interval"] or (None, None)  # One run a side says nothing of the noise.
    figures = {"difference": told["difference"], "difference low": low, "difference high": high}
    return {name: value for name, value in figures.items() if value is not None}


def errors(place: str, version: str, run: str, page: str, folder: str) -> Mapping[str, float]:
    """Show where a run errs: the page to review, and the folder with its images."""
    with having(place, version) as vidset:
        found = vidset("errors", run, "--output", folder).found
    shutil.copyfile(Path(folder) / "index.html", _made(page))
    return {name: float(found[name]) for name in ("wrong", "flagged")}


def publish(
    place: str, version: str, name: str, runs: Sequence[str], verdict: str, subset: int = 0
) -> list[str]:
    """Give a version that passed its name at the place, and keep its runs as blessed ones.

    Args:
        subset: of how many images the baseline was for a quick try, which publishes nothing.

    Raises:
        StepFailedError: the verdict says that it did not pass.
    """
    if subset:
        return []
    if not json.loads(Path(verdict).read_text(encoding="utf-8"))["passes"]:
        raise StepFailedError(f"version {version[:12]} has not passed the gate")
    kept: list[str] = []
    with having(place, version) as vidset:
        for run in runs:
            vidset("evaluate", run)
            run_id = json.loads((Path(run) / "run.json").read_text(encoding="utf-8"))["run_id"]
            kept += keep_blessed(place, Path(run), run_id)
        vidset("dataset", "name", name, version, "--move")
        vidset("dataset", "push", version, "--to", place, "--move")
    return kept


def _evaluated_on(results: Sequence[Mapping[str, Any]]) -> set[str]:
    return {each["evaluation_id"] for of_run in results for each in of_run.values()}


def _write(target: str, text: str) -> None:
    _made(target).write_text(text, encoding="utf-8")


def _made(target: str) -> Path:
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
