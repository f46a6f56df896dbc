import json

import pytest

from tests.cli.called import vidset
from tests.training.scoring.runs import classified, make_run, make_version
from vidset.datasets.versions.evaluation_id import evaluation_id

LABELS = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")


@pytest.fixture
def numerals(tmp_path):
    """Forty validation images of ten labels."""
    return make_version(
        tmp_path / "datasets",
        [{"uri": f"{place}.png", "label": LABELS[place % 10]} for place in range(40)],
    )


def answered(manifest, wrong=()):
    """Right on all but these places, where it is always 'x' (but for x itself: 'i')."""
    answers = {f"{i}.png": "i" if LABELS[i % 10] == "x" else "x" for i in wrong}
    return classified(manifest, "validation", manifest.classes, answers)


def run_of(folder, manifest, wrong=(), **details):
    return make_run(folder, manifest, {"validation": {1: answered(manifest, wrong)}}, **details)


def evaluate(run, *more):
    return vidset("evaluate", run, "-p", run.parent, *more)


def test_a_result_is_told_and_kept_beside_the_run(numerals, tmp_path):
    run = run_of(tmp_path / "run", numerals, wrong=range(10))
    done = evaluate(run, "--json")
    assert done.code == 0, done.err
    result = done.found["results"]["validation"]
    assert (result["accuracy"], result["constant_guess"]) == (0.75, 0.1)
    assert result["interval"] == pytest.approx([0.5981, 0.8581], abs=1e-4)
    assert done.found["gate"] is None
    id_ = evaluation_id(numerals.split("validation"))
    kept = run / "evaluations" / f"validation-{id_[:8]}.json"
    assert json.loads(kept.read_text()) == result


def test_a_result_is_told_to_a_person(numerals, tmp_path):
    run = run_of(tmp_path / "run", numerals, wrong=range(10))
    out = evaluate(run).out
    assert "validation: 40 images, epoch 1, accuracy 0.750 (0.598 to 0.858)" in out
    assert "always the most frequent label: 0.100" in out


def test_a_constant_guess_does_not_pass_a_floor_of_0_6(numerals, tmp_path):
    """It would by a mean over ten yes-or-no questions, where it scores 0.82."""
    wrong = [place for place in range(40) if LABELS[place % 10] != "x"]
    run = run_of(tmp_path / "run", numerals, wrong=wrong)
    done = evaluate(run, "--floor", 0.6)
    assert done.code == 1
    assert "score 0.1000 is below the floor 0.6" in done.err
    assert "accuracy 0.100" in done.out


def test_a_gate_compares_with_the_best_earlier_run(numerals, tmp_path):
    first = run_of(tmp_path / "r1", numerals, range(4), created_at="2026-01-01")
    worse = run_of(tmp_path / "r2", numerals, range(12), created_at="2026-01-02")
    better = run_of(tmp_path / "r3", numerals, range(2), created_at="2026-01-03")
    assert evaluate(first, "--no-worse-than", "best").code == 0  # There is none before it.
    done = evaluate(worse, "--no-worse-than", "best", "--json")
    assert done.code == 1
    assert "score 0.7000 is worse than 0.9000" in done.err
    assert done.found["gate"]["passes"] is False
    done = evaluate(better, "--no-worse-than", "best", "--no-worse-than", worse, "--floor", 0.6)
    assert done.code == 0, done.err
    assert "gate passed" in done.out


def test_a_gate_never_compares_on_other_images(numerals, tmp_path):
    run = run_of(tmp_path / "r1", numerals)
    other = make_version(
        tmp_path / "datasets",
        [{"uri": f"{place}.png", "label": LABELS[place % 10]} for place in range(30)],
    )
    easier = run_of(tmp_path / "r2", other)
    assert evaluate(easier).code == 0
    done = evaluate(run, "--no-worse-than", easier)
    assert done.code == 2
    assert "other evaluation images: evaluation_id" in done.err


def test_a_gate_takes_a_run_that_is_as_good_as_the_luckiest_seed(numerals, tmp_path):
    """Three runs err on other images each: the fourth, in their middle, is no worse."""
    for seed, wrong in ((1, range(4)), (2, range(4, 12)), (3, range(12, 22))):
        run = run_of(
            tmp_path / f"a{seed}", numerals, wrong, created_at=f"2026-01-0{seed}", seed=seed
        )
        assert evaluate(run).code == 0
    equal = run_of(tmp_path / "equal", numerals, range(20, 28), created_at="2026-01-05", seed=4)
    done = evaluate(equal, "--no-worse-than", "best", "--no-worse-than", tmp_path / "a1")
    assert done.code == 0, done.err
    assert "no worse than v1 (seeds 1, 2, 3)" not in done.err


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        pytest.param(["--split", "test"], "wanted one of its splits (validation)", id="split"),
        pytest.param(["--no-worse-than", "nowhere"], "unknown run 'nowhere'", id="other run"),
        pytest.param(
            ["--no-worse-than", "best", "--runs", "nowhere"], "--runs nowhere: wanted a", id="runs"
        ),
    ],
)
def test_a_request_that_cannot_be_met_is_refused(numerals, tmp_path, more, reason):
    run = run_of(tmp_path / "run", numerals)
    done = evaluate(run, *more)
    assert done.code == 2
    assert reason in done.err
    assert not (run / "evaluations").exists()


def test_a_run_whose_ids_are_not_its_versions_is_refused(numerals, tmp_path):
    run = run_of(tmp_path / "run", numerals, evaluation_ids={"validation": "f" * 32})
    done = evaluate(run)
    assert done.code == 2
    assert "has the evaluation_id " + "f" * 32 in done.err
