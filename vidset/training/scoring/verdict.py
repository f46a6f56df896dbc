"""Compare two sides of runs: is their difference larger than the noise?"""

from typing import Any

from vidset.training.scoring.comparing import Comparison, compare_sides
from vidset.training.scoring.evaluation import MEASURES
from vidset.training.scoring.noise import scores_of
from vidset.training.scoring.sides import Side, Sides


def compare(sides: Sides) -> dict[str, Any]:
    """Return both measures and a verdict in a sentence, JSON-able."""
    best = compare_sides(sides.baseline.best, sides.candidate.best)
    one, other = sides.baseline.last, sides.candidate.last
    last = None if one is None or other is None else compare_sides(one, other)
    return {
        "split": sides.split,
        "evaluation_id": sides.evaluation_id,
        "recipe_hash": sides.recipe_hash,
        "measure": MEASURES[sides.baseline.runs[0].task],
        "images": sides.baseline.best.images,
        "baseline": _describe(sides.baseline),
        "candidate": _describe(sides.candidate),
        "best_epoch": best.to_json(),
        "last_five": None if last is None else last.to_json(),
        "is_larger_than_noise": _both(best, last),
        "verdict": _verdict(best, last),
    }


def _describe(side: Side) -> dict[str, Any]:
    return {
        "version": side.runs[0].version,
        "reference": side.runs[0].details.get("reference"),
        "runs": [str(run.folder) for run in side.runs],
        "seeds": [run.seed for run in side.runs],
        "scores": scores_of(side.best).tolist(),
        "last_five_means": None if side.last is None else scores_of(side.last).tolist(),
    }


def _both(best: Comparison, last: Comparison | None) -> bool | None:
    """Say whether both measures call the difference real, in the same direction."""
    if best.is_larger_than_noise is None:
        return None
    if last is None:
        return best.is_larger_than_noise
    same = (best.difference > 0) == (last.difference > 0)
    return bool(best.is_larger_than_noise and last.is_larger_than_noise and same)


def _verdict(best: Comparison, last: Comparison | None) -> str:
    larger = _both(best, last)
    points = f"{100 * abs(best.difference):.1f} points"
    if larger is None:
        return "No conclusion is possible: fewer than 3 seeds a side."
    if larger:
        how = "better" if best.difference > 0 else "worse"
        return f"The candidate is {how} by {points}: larger than the noise."
    if last is not None and last.is_larger_than_noise != best.is_larger_than_noise:
        which = "at the best epoch" if best.is_larger_than_noise else "over the last five epochs"
        return f"The difference is larger than the noise only {which}: not to be relied upon."
    return f"The difference of {points} is not larger than the noise."
