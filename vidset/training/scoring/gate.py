"""Is a result good enough? Against a floor, and against earlier results on the same images."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidset.datasets.errors import DatasetError, UnequalError

# Of scores that are shares of images: a rounding in their last bits is no change.
_EQUAL = 1e-9


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate says: `reasons` are why it does not pass, none if it does."""

    reasons: tuple[str, ...]
    compared_with: tuple[str, ...]

    @property
    def passes(self) -> bool:
        return not self.reasons

    def to_json(self) -> dict[str, Any]:
        return {
            "passes": self.passes,
            "reasons": list(self.reasons),
            "compared_with": list(self.compared_with),
        }


def judge(
    result: Mapping[str, Any],
    floor: float | None,
    others: Sequence[Mapping[str, Any]],
    tolerance: float = 0.0,
) -> Verdict:
    """The result's score must reach the floor, and each other result's score less the tolerance.

    Raises:
        UnequalError: another result is of another model or on other images.
    """
    for other in others:
        check_equal(result, other)
    score, reasons = result["score"], []
    if score is None:
        reasons.append(f"{result['split']} has no score: no image of it has an object")
    if score is not None and floor is not None and score < floor - _EQUAL:
        reasons.append(f"score {score:.4f} is below the floor {floor:g}")
    for other in others:
        wanted = other["score"]
        if score is None or wanted is None:
            continue
        if score < wanted - tolerance - _EQUAL:
            less = f", less {tolerance:g}" if tolerance else ""
            reasons.append(
                f"score {score:.4f} is worse than {wanted:.4f} of {name_of(other)}{less}"
            )
    return Verdict(tuple(reasons), tuple(name_of(other) for other in others))


def check_equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """Refuse to compare what is not comparable.

    Raises:
        UnequalError: the recipe hashes or the evaluation ids differ; both are named.
    """
    for key, what in (("recipe_hash", "fixed model"), ("evaluation_id", "evaluation images")):
        if one[key] != other[key]:
            raise UnequalError(
                f"{name_of(one)} and {name_of(other)} have other {what}: {key} {one[key]} and "
                f"{other[key]}"
            )


def name_of(result: Mapping[str, Any]) -> str:
    """A run, as messages name it."""
    return f"run {result['run_id'][:12]} (seed {result['seed']})"


def best_earlier(
    results: Sequence[Mapping[str, Any]], result: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """Of results of the same model on the same images, the best that was there before.

    Of equals the oldest; None if there was none.
    """
    found = [
        other
        for other in results
        if other["recipe_hash"] == result["recipe_hash"]
        and other["evaluation_id"] == result["evaluation_id"]
        and other["run_id"] != result["run_id"]
        and other["created_at"] < result["created_at"]
        and other["score"] is not None
    ]
    return max(
        sorted(found, key=lambda each: each["created_at"]),
        key=lambda each: each["score"],
        default=None,
    )


def read_results(runs: Path) -> Iterator[dict[str, Any]]:
    """All evaluations of the runs in a folder: RUN/evaluations/*.json.

    Raises:
        DatasetError: one cannot be read.
    """
    for path in sorted(runs.glob("*/evaluations/*.json")):
        yield read_result(path)


def read_result(path: Path) -> dict[str, Any]:
    """One evaluation.

    Raises:
        DatasetError: it is none.
    """
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: wanted an evaluation: {error}") from None
    wanted = ("run_id", "recipe_hash", "evaluation_id", "created_at", "score", "seed", "split")
    missing = [key for key in wanted if not isinstance(value, dict) or key not in value]
    if missing:
        raise DatasetError(f"{path}: wanted an evaluation, it has no {', '.join(missing)}")
    return value
