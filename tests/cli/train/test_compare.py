import pytest

from tests.cli.called import vidset
from tests.training.scoring.runs import classified, make_run, make_version

SEEDS = (1, 2, 3)


@pytest.fixture
def sides(tmp_path):
    """A function that makes three runs of a version: of 400 images, so many wrong each."""
    manifest = make_version(
        tmp_path / "datasets",
        [{"uri": f"{place:03}.png", "label": "ab"[place % 2]} for place in range(400)],
    )

    def make(name, wrong, **details):
        runs = []
        for seed in SEEDS:
            # Each seed errs on other images, and each side on others still.
            first = 7 * seed + 200 * (name == "v1")
            answers = {
                f"{place % 400:03}.png": "ba"[place % 2] for place in range(first, first + wrong)
            }
            table = classified(manifest, "validation", ["a", "b"], answers)
            folder = tmp_path / f"{name}-{seed}"
            given = {"version": name, "reference": name, "seed": seed, **details}
            runs.append(make_run(folder, manifest, {"validation": {1: table}}, **given))
        return runs

    return make


def test_a_large_gain_is_called_larger_than_the_noise(sides, tmp_path):
    done = vidset("compare", "-p", tmp_path, *sides("v0", 140), "vs", *sides("v1", 50), "--json")
    assert done.code == 0, done.err
    found = done.found
    assert found["is_larger_than_noise"] is True
    assert found["verdict"] == "The candidate is better by 22.5 points: larger than the noise."
    assert found["baseline"]["scores"] == [0.65, 0.65, 0.65]
    assert found["candidate"]["seeds"] == [1, 2, 3]
    assert found["best_epoch"]["difference"] == pytest.approx(0.225)
    assert len(found["best_epoch"]["seeds"]) == 3
    # The runs of this test lie beside the place: they have no names.
    assert found["next"] == f"vidset errors {tmp_path}/v1-1 -p {tmp_path}"
    low, high = found["last_five"]["interval"]
    assert 0.15 < low < 0.225 < high < 0.3


def test_a_small_one_is_not(sides, tmp_path):
    done = vidset("compare", "-p", tmp_path, *sides("v0", 105), "vs", *sides("v1", 101))
    assert done.code == 0, done.err
    assert "The difference of 1.0 points is not larger than the noise." in done.out
    assert done.next == f"vidset dataset diff v0 v1 -p {tmp_path}"


def test_a_loss_is_called_one(sides, tmp_path):
    found = vidset(
        "compare", "-p", tmp_path, *sides("v0", 50), "vs", *sides("v1", 140), "--json"
    ).found
    assert found["verdict"] == "The candidate is worse by 22.5 points: larger than the noise."


def test_few_seeds_give_no_conclusion_and_only_if_allowed(sides, tmp_path):
    one, other = sides("v0", 200), sides("v1", 10)
    refused = vidset("compare", "-p", tmp_path, *one[:2], "vs", *other)
    assert refused.code == 2
    assert "wanted runs of 3 seeds at least, got 2" in refused.err
    done = vidset("compare", "-p", tmp_path, *one[:2], "vs", *other, "--allow-few")
    assert done.code == 0, done.err
    assert "No conclusion is possible" in done.out


@pytest.mark.parametrize(
    ("details", "reasons"),
    [
        pytest.param({"recipe_hash": "c" * 64}, ("recipe_hash", "5f5f", "cccc"), id="model"),
        pytest.param(
            {"evaluation_ids": {"validation": "d" * 32}}, ("evaluation_id", "dddd"), id="images"
        ),
    ],
)
def test_what_must_not_be_compared_exits_with_2_naming_both(sides, details, reasons, tmp_path):
    one, other = sides("v0", 100), sides("v1", 50, **details)
    done = vidset("compare", "-p", tmp_path, *one, "vs", *other)
    assert done.code == 2
    for reason in (*reasons, str(one[0]), "v1-"):
        assert reason in done.err


@pytest.mark.parametrize("words", [["a", "b"], ["a", "vs", "b", "vs", "c"]])
def test_the_sides_stand_left_and_right_of_vs(words, tmp_path):
    done = vidset("compare", "-p", tmp_path, *words)
    assert done.code == 2
    assert "wanted RUN... vs RUN..." in done.err
