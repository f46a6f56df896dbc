import pytest

from vidset.datasets.errors import UnequalError
from vidset.training.scoring.gate import Rival, best_earlier, check_equal, judge

DIFFERENCE = "the difference is -0.0900 to -0.0100"
EARLIER = "v0 (seeds 1, 2, 3)"
MODEL, IMAGES = "a1" * 32, "b2" * 16


def result(score, run_id="r1", **others):
    return {
        "run_id": run_id,
        "recipe_hash": MODEL,
        "evaluation_id": IMAGES,
        "created_at": "2026-01-05",
        "score": score,
        "seed": 1,
        "split": "validation",
        "trained_on": "v0",
    } | others


@pytest.mark.parametrize(
    ("score", "floor", "others", "tolerance", "reasons"),
    [
        pytest.param(0.7, 0.6, [], 0, [], id="above the floor"),
        pytest.param(0.6, 0.6, [], 0, [], id="at the floor"),
        pytest.param(0.1 + 0.2, 0.3, [], 0, [], id="at the floor but for rounding"),
        pytest.param(0.55, 0.6, [], 0, ["score 0.5500 is below the floor 0.6"], id="below it"),
        pytest.param(0.7, None, [(0.72, (-0.05, 0.01))], 0, [], id="worse within the noise"),
        pytest.param(
            0.7,
            None,
            [(0.75, (-0.09, -0.01))],
            0,
            [f"score 0.7000 is worse than 0.7500 of {EARLIER}: {DIFFERENCE}"],
            id="worse",
        ),
        pytest.param(0.7, None, [(0.75, (-0.09, -0.01))], 0.02, [], id="within the tolerance"),
        pytest.param(
            None,
            0.1,
            [],
            0,
            ["validation has no score: no image of it has an object or a labeled pixel"],
            id="none",
        ),
    ],
)
def test_a_gate_says_why_it_does_not_pass(score, floor, others, tolerance, reasons):
    verdict = judge(result(score), floor, [Rival(EARLIER, *each) for each in others], tolerance)
    assert list(verdict.reasons) == reasons
    assert verdict.passes == (not reasons)


@pytest.mark.parametrize("key", ["recipe_hash", "evaluation_id"])
def test_a_gate_compares_no_other_model_and_no_other_images(key):
    with pytest.raises(UnequalError, match=f"{key} .* and other"):
        check_equal(result(0.7), result(0.1, "r0", **{key: "other"}))


def test_the_best_earlier_version_is_that_with_the_best_mean_not_the_luckiest_seed():
    results = [
        result(0.60, "r2", created_at="2026-01-01", trained_on="lucky"),
        result(0.90, "r3", created_at="2026-01-02", trained_on="lucky"),
        result(0.80, "r4", created_at="2026-01-03", trained_on="steady"),
        result(0.79, "r5", created_at="2026-01-04", trained_on="steady"),
        result(0.99, "later", created_at="2026-01-09"),
        result(0.98, "other model", created_at="2026-01-01", recipe_hash="c"),
        result(0.97, "other images", created_at="2026-01-01", evaluation_id="d"),
        result(None, "no score", created_at="2026-01-01"),
        result(0.7, "r1"),
    ]
    best = best_earlier(results, result(0.7, "r1"))
    assert [each["run_id"] for each in best] == ["r4", "r5"]
    assert best_earlier(results[4:], result(0.7, "r1")) == []
