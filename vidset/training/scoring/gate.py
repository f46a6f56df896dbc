"""Is a result good enough? It is held against a floor, and earlier runs on the same images."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidset.datasets.errors import DatasetError, UnequalError
from vidset.json_files import read_json

# Scores are shares of images: a rounding in their last bits is no change.
_EQUAL = 1e-9


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict of a gate: `reasons` are why it does not pass, none if it does."""

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


@dataclass(frozen=True, slots=True)
class Rival:
    """An earlier version's runs on the same images, which a result is held against.

    Attributes:
        name: as messages say it.
        score: the mean score of its runs.
        difference: the result's score minus that mean, as a 95 % interval.
    """

    name: str
    score: float
    difference: tuple[float, float]


def judge(
    result: Mapping[str, Any],
    floor: float | None,
    rivals: Sequence[Rival],
    tolerance: float = 0.0,
) -> Verdict:
    """Judge a result: it must reach the floor, and not be worse than a rival by more than chance.

    It is worse when the whole interval of the difference lies below -`tolerance`: a run that is as
    good as the others passes, whichever of them had the luckiest seed.
    """
    score, reasons = result["score"], []
    if score is None:
        reasons.append(
            f"{result['split']} has no score: no image of it has an object or a labeled pixel"
        )
    if score is not None and floor is not None and score < floor - _EQUAL:
        reasons.append(f"score {score:.4f} is below the floor {floor:g}")
    for rival in rivals:
        low, high = rival.difference
        if score is not None and high < -tolerance - _EQUAL:
            more = f" by more than {tolerance:g}" if tolerance else ""
            reasons.append(
                f"score {score:.4f} is worse than {rival.score:.4f} of {rival.name}{more}: "
                f"the difference is {low:+.4f} to {high:+.4f}"
            )
    return Verdict(tuple(reasons), tuple(rival.name for rival in rivals))


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
    """Return how messages name a run."""
    return f"run {result['run_id'][:12]} (seed {result['seed']})"


def best_earlier(
    results: Sequence[Mapping[str, Any]], result: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Return the results of the earlier version that is best by the mean of its runs.

    Only results of the same model on the same images count, that were there before. Of equals the
    version whose first run is the oldest wins. Empty if there was none.
    """
    versions: dict[str, list[Mapping[str, Any]]] = {}
    for other in sorted(results, key=lambda each: each["created_at"]):
        if (
            other["recipe_hash"] == result["recipe_hash"]
            and other["evaluation_id"] == result["evaluation_id"]
            and other["run_id"] != result["run_id"]
            and other["created_at"] < result["created_at"]
            and other["score"] is not None
        ):
            versions.setdefault(other["trained_on"], []).append(other)
    return max(
        versions.values(),
        key=lambda several: sum(each["score"] for each in several) / len(several),
        default=[],
    )


def read_results(runs: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield each run's folder with each of its evaluations, RUN/evaluations/*.json.

    Raises:
        DatasetError: one cannot be read.
    """
    for path in sorted(runs.glob("*/evaluations/*.json")):
        yield path.parent.parent, read_result(path)


def read_result(path: Path) -> dict[str, Any]:
    """Read one evaluation.

    Raises:
        DatasetError: it is none.
    """
    value = read_json(path, "an evaluation", DatasetError)
    wanted = ("run_id", "recipe_hash", "evaluation_id", "created_at", "score", "seed", "split")
    wanted += ("trained_on",)
    missing = [key for key in wanted if not isinstance(value, dict) or key not in value]
    if missing:
        raise DatasetError(f"{path}: wanted an evaluation, it has no {', '.join(missing)}")
    return value
