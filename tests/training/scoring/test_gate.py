import pytest

from vidset.datasets.errors import UnequalError
from vidset.training.scoring.gate import best_earlier, judge

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
    } | others


@pytest.mark.parametrize(
    ("score", "floor", "others", "tolerance", "reasons"),
    [
        pytest.param(0.7, 0.6, [], 0, [], id="above the floor"),
        pytest.param(0.6, 0.6, [], 0, [], id="at the floor"),
        pytest.param(0.1 + 0.2, 0.3, [], 0, [], id="at the floor but for rounding"),
        pytest.param(0.55, 0.6, [], 0, ["score 0.5500 is below the floor 0.6"], id="below it"),
        pytest.param(0.7, None, [0.7, 0.69], 0, [], id="no worse"),
        pytest.param(
            0.7,
            None,
            [0.71],
            0,
            ["score 0.7000 is worse than 0.7100 of run r0 (seed 1)"],
            id="worse",
        ),
        pytest.param(0.7, None, [0.71], 0.02, [], id="worse within the tolerance"),
        pytest.param(
            None, 0.1, [], 0, ["validation has no score: no image of it has an object"], id="none"
        ),
    ],
)
def test_a_gate_says_why_it_does_not_pass(score, floor, others, tolerance, reasons):
    verdict = judge(result(score), floor, [result(each, "r0") for each in others], tolerance)
    assert list(verdict.reasons) == reasons
    assert verdict.passes == (not reasons)


@pytest.mark.parametrize("key", ["recipe_hash", "evaluation_id"])
def test_a_gate_compares_no_other_model_and_no_other_images(key):
    with pytest.raises(UnequalError, match=f"{key} .* and other"):
        judge(result(0.7), None, [result(0.1, "r0", **{key: "other"})])


def test_the_best_earlier_result_is_of_the_same_model_on_the_same_images():
    results = [
        result(0.60, "r2", created_at="2026-01-01"),
        result(0.80, "r3", created_at="2026-01-02"),
        result(0.80, "r4", created_at="2026-01-03"),
        result(0.99, "later", created_at="2026-01-09"),
        result(0.98, "other model", created_at="2026-01-01", recipe_hash="c"),
        result(0.97, "other images", created_at="2026-01-01", evaluation_id="d"),
        result(None, "no score", created_at="2026-01-01"),
        result(0.7, "r1"),
    ]
    best = best_earlier(results, result(0.7, "r1"))
    assert best is not None
    assert best["run_id"] == "r3"
    assert best_earlier(results[3:], result(0.7, "r1")) is None
