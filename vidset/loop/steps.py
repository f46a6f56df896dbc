"""The steps of a loop in their order, each a command of vidset whose words earlier ones decide."""

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vidset.loop.loop_file import LoopFile

_SHORT = 12

Result = Mapping[str, Any]
"""The object that a command prints with --json."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command that the loop runs.

    Attributes:
        name: unique in a loop.
        words: of the command, without `vidset` and without the place.
        inputs: what its result depends on beside the words and the files that these name.
        outputs: the files that a result consists of; relative paths count from the loop's file.
            While they, the words and the inputs are the same, the result of before is taken.
            None: it is quick, or what it depends on is not known here, and it always runs.
        may_refuse: whether exit code 1 is an answer rather than a failure.
    """

    name: str
    words: tuple[str, ...]
    inputs: tuple[str, ...] = ()
    outputs: Callable[[Result], list[str]] | None = None
    may_refuse: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """A step's result; `refused` says that its command ended with exit code 1."""

    result: Result
    refused: bool = False


class RefusedError(Exception):
    """A step has refused, and nothing after it makes sense."""


Steps = Generator[Step, Outcome, str]
"""Yields steps, gets their outcomes, and returns the version that the loop is about."""


def steps_of(loop: LoopFile) -> Steps:
    """Yield the steps of a loop, one after another.

    Raises:
        RefusedError: the data have leaks, or the gate refuses; nothing was published then.
    """
    version = yield from _version(loop)
    if loop.recipe is not None:
        words = ("dataset", "apply", version, loop.recipe, *loop.recipe_options)
        step = Step("apply", words, outputs=_manifest)
        version = str((yield step).result["version"])
    if loop.statistics is not None:
        words = ("dataset", "statistics", version, *loop.statistics)
        yield Step("statistics", words, outputs=None if "--output" in words else _nothing)
    if loop.check is not None:
        checked = yield Step("check", ("dataset", "check", version, *loop.check), may_refuse=True)
        if checked.refused:
            raise RefusedError(f"check: version {version[:12]} has leaks or faults, named above")
    is_good = True
    if loop.train is not None:
        is_good = yield from _model(loop, version, loop.train)
    if not is_good:
        raise RefusedError(f"gate: version {version[:12]} was refused, and nothing was published")
    if loop.publish_name is not None:
        yield Step("name", ("dataset", "name", loop.publish_name, version, "--move"))
    if loop.publish_to is not None:
        yield Step("push", ("dataset", "push", version, "--to", loop.publish_to))
    return version


def _version(loop: LoopFile) -> Generator[Step, Outcome, str]:
    if loop.data == "create":
        words = ("dataset", "create", *loop.source, *loop.data_options)
        return str((yield Step("create", words)).result["version"])
    if loop.data == "pull":
        yield Step("pull", ("dataset", "pull", *loop.source, *loop.data_options))
    shown = yield Step("version", ("dataset", "show", *loop.source))
    return str(shown.result["version"])


def _model(loop: LoopFile, version: str, options: Sequence[str]) -> Generator[Step, Outcome, bool]:
    """Train, evaluate, judge, compare and look for errors. Returns whether the gate passes."""
    runs = yield from _trained("train", version, options)
    for run in runs:
        words = ("evaluate", run["output"], *loop.evaluate)
        yield Step(f"evaluate, seed {run['seed']}", words, (run["run_id"],), _nothing)
    is_good = True
    if loop.gate:
        # As in the pipeline, the run of the first seed is judged, and not the luckiest one.
        words = ("evaluate", runs[0]["output"], *loop.evaluate, *loop.gate)
        is_good = not (yield Step("gate", words, may_refuse=True)).refused
    if loop.baseline is not None:
        yield from _compared(loop.baseline, version, runs, options)
    if loop.errors is not None:
        words = ("errors", runs[0]["output"], *loop.errors)
        yield Step("errors", words, (runs[0]["run_id"],), _page)
    return is_good


def _trained(
    name: str, version: str, options: Sequence[str]
) -> Generator[Step, Outcome, list[Result]]:
    # By its id, for a name may stand for another version the next time: runs/<beginning>-<seed>.
    # It always runs: it leaves a finished run as it is, and knows what a model's files are.
    words = ("train", version[:_SHORT], *options)
    return list((yield Step(name, words)).result["runs"])


def _compared(
    named: str, version: str, runs: Sequence[Result], options: Sequence[str]
) -> Generator[Step, Outcome, None]:
    shown = yield Step("baseline", ("dataset", "show", named))
    baseline = str(shown.result["version"])
    if baseline == version:
        return  # Nothing has changed since: there is nothing to compare.
    before = yield from _trained("train the baseline", baseline, options)
    if _images_of(before) != _images_of(runs):
        # Each version has evaluation images of its own: the baseline's are taken for both.
        for run in runs:
            words = ("evaluate", run["output"], "--on", baseline)
            name = f"evaluate on the baseline, seed {run['seed']}"
            yield Step(name, words, (run["run_id"],), _nothing)
    sides = [str(run["output"]) for run in before], [str(run["output"]) for run in runs]
    few = ("--allow-few",) if min(map(len, sides)) < 3 else ()
    ids = tuple(str(run["run_id"]) for run in (*before, *runs))
    yield Step("compare", ("compare", *sides[0], "vs", *sides[1], *few), ids, _nothing)


def _images_of(runs: Sequence[Result]) -> str:
    """Return what the first split of runs was evaluated on."""
    return json.dumps([next(iter(run["evaluation_ids"].items())) for run in runs[:1]])


def _nothing(_: Result) -> list[str]:
    return []


def _manifest(result: Result) -> list[str]:
    return [f"{result['place']}/datasets/versions/{result['version']}/manifest.parquet"]


def _page(result: Result) -> list[str]:
    return [f"{result['output']}/index.html"]
