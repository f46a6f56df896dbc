import json
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.training.scoring.runs import classified, make_run, make_version
from vidset.datasets.errors import DatasetError, UnequalError
from vidset.datasets.versions.evaluation_id import evaluation_id
from vidset.training.scoring.noise import Shares, scores_of
from vidset.training.scoring.run import read_run
from vidset.training.scoring.sides import evaluation_paths, read_sides

CLASSES = ["a", "b"]


@pytest.fixture
def make(tmp_path):
    """Runs on one version's four validation images: by name, what was wrong after two epochs."""
    manifest = make_version(
        tmp_path / "repository",
        [{"uri": f"{place}.png", "label": "a", "number": place} for place in range(4)],
    )

    def run(name, first=(), second=(), version="v1", **details):
        tables = {
            epoch: classified(manifest, "validation", CLASSES, {f"{i}.png": "b" for i in wrong})
            for epoch, wrong in ((1, first), (2, second))
        }
        given = {"classes": CLASSES, "version": version, **details}
        return read_run(make_run(tmp_path / name, manifest, {"validation": tables}, **given))

    return run


def side(make, name, version, wrong):
    return [make(f"{name}{seed}", *wrong, version=version, seed=seed) for seed in (3, 1, 2)]


def test_sides_hold_what_each_run_has_right_by_seed(make):
    one = side(make, "a", "v1", ([0, 1], [2]))
    other = side(make, "b", "v2", ([], [0]))
    found = read_sides(one, other, None, allow_few=False)
    assert [run.seed for run in found.baseline.runs] == [1, 2, 3]
    assert found.baseline.best.images == 4
    assert scores_of(found.baseline.best).tolist() == [0.5, 0.5, 0.5]
    assert scores_of(found.candidate.best).tolist() == [1.0, 1.0, 1.0]
    assert isinstance(found.baseline.last, Shares)
    assert found.baseline.last.right.mean() == pytest.approx((2 + 3) / 8)
    assert [uri for _, uri in found.baseline.images] != []
    wrong_once = sorted(np.sort(found.baseline.last.right, axis=1)[0].tolist())
    assert wrong_once == [0.5, 0.5, 0.5, 1.0]


def test_fewer_than_three_seeds_are_refused_unless_allowed(make):
    one, other = side(make, "a", "v1", ([], [])), side(make, "b", "v2", ([], []))
    with pytest.raises(DatasetError, match="the candidate: wanted runs of 3 seeds at least, got 2"):
        read_sides(one, other[:2], None, allow_few=False)
    assert len(read_sides(one[:1], other[:2], None, allow_few=True).candidate.runs) == 2


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        pytest.param({"recipe_hash": "c" * 64}, "recipe_hash 5f5f.* and cccc", id="other model"),
        pytest.param(
            {"evaluation_ids": {"validation": "d" * 32}}, "evaluation_id .* and dddd", id="images"
        ),
        pytest.param({"version": "v3"}, "were trained on other versions, v2 and v3", id="versions"),
    ],
)
def test_what_is_not_comparable_is_refused_with_both_names(make, details, reason):
    one, other = side(make, "a", "v1", ([], [])), side(make, "b", "v2", ([], []))
    other[2] = make("odd", seed=7, **{"version": "v2", **details})
    with pytest.raises(UnequalError, match=reason) as raised:
        read_sides(one, other, None, allow_few=False)
    assert "odd" in str(raised.value)


def test_a_run_stands_on_one_side_and_once(make):
    one, other = side(make, "a", "v1", ([], [])), side(make, "b", "v1", ([], []))
    with pytest.raises(DatasetError, match="is on both"):
        read_sides(one, [*other[1:], one[0]], None, allow_few=False)
    with pytest.raises(DatasetError, match=r"seeds \[3, 1, 3\]"):
        read_sides(one, [*other[:2], other[0]], None, allow_few=False)


def test_predictions_of_other_images_under_the_same_id_are_refused(make, tmp_path):
    one, other = side(make, "a", "v1", ([], [])), side(make, "b", "v2", ([], []))
    elsewhere = make_version(tmp_path / "other", [{"uri": "9.png", "label": "a", "number": 9}])
    forged = make_run(
        tmp_path / "forged",
        elsewhere,
        {"validation": {1: classified(elsewhere, "validation", CLASSES, {})}},
    )
    for run in other:
        shutil.rmtree(run.folder / "predictions")
        shutil.copytree(forged / "predictions", run.folder / "predictions")
        table = run.folder / "predictions" / "validation"
        shutil.copy(table / "epoch-0001.parquet", table / "epoch-0002.parquet")
    with pytest.raises(UnequalError, match="the two sides' predictions are of other images"):
        read_sides(one, other, None, allow_few=False)


def evaluated_on(run, version, wrong, split="validation"):
    """As `vidset evaluate --on` leaves it, for the images of another version."""
    target = evaluation_id(version.split("validation"))
    result, table = evaluation_paths(run, split, target)
    result.parent.mkdir(exist_ok=True)
    facts = {"evaluation_id": target, "run_id": run.run_id, "recipe_hash": run.recipe_hash}
    rest = {"created_at": "", "score": 0.5, "seed": run.seed, "split": split}
    rest |= {"trained_on": run.version}
    result.write_text(json.dumps(facts | rest))
    answers = {f"{place}.png": "b" for place in wrong}
    pq.write_table(classified(version, "validation", CLASSES, answers), table)
    return target


def test_sides_on_other_images_are_compared_where_both_were_evaluated_on_the_same(make, tmp_path):
    one = side(make, "a", "v1", ([], []))
    relabeled = {"evaluation_ids": {"validation": "e" * 32}}
    other = [make(f"b{seed}", version="v2", seed=seed, **relabeled) for seed in (1, 2, 3)]
    third = make_version(
        tmp_path / "third",
        [{"uri": f"{place}.png", "label": "a", "number": 20 + place} for place in range(5)],
    )
    for run in one:
        target = evaluated_on(run, third, [0, 1])
    with pytest.raises(UnequalError, match="vidset evaluate RUN --on VERSION"):
        read_sides(one, other, None, allow_few=False)
    for run in other:
        evaluated_on(run, third, [])
    found = read_sides(one, other, None, allow_few=False)
    assert found.evaluation_id == target
    assert scores_of(found.baseline.best).tolist() == [0.6, 0.6, 0.6]
    assert scores_of(found.candidate.best).tolist() == [1.0, 1.0, 1.0]
    assert found.baseline.last is None


def test_of_several_common_evaluations_the_baselines_own_counts(make, tmp_path):
    first, second = (
        make_version(
            tmp_path / name,
            [{"uri": f"{place}.png", "label": label, "number": place} for place in range(4)],
        )
        for name, label in (("first", "a"), ("second", "b"))
    )
    ids = [evaluation_id(version.split("validation")) for version in (first, second)]
    one, other = (
        [
            make(f"{name}{seed}", version=name, seed=seed, evaluation_ids={"validation": id_})
            for seed in (1, 2, 3)
        ]
        for name, id_ in zip(("v1", "v2"), ids, strict=True)
    )
    for run in one:
        evaluated_on(run, second, [])
    for run in other:
        evaluated_on(run, first, [])
    assert read_sides(one, other, None, allow_few=False).evaluation_id == ids[0]
    assert read_sides(other, one, None, allow_few=False).evaluation_id == ids[1]


def test_results_of_a_split_with_a_longer_name_are_those_of_another(make, tmp_path):
    third = make_version(tmp_path / "third", [{"uri": "0.png", "label": "a", "number": 30}])
    one, other = (
        [
            make(f"{name}{n}", version=name, seed=n, evaluation_ids={"validation": name * 16})
            for n in (1, 2, 3)
        ]
        for name in ("aa", "bb")
    )
    for run in (*one, *other):
        evaluated_on(run, third, [], split="validation-hard")
    with pytest.raises(UnequalError, match="were evaluated on other images of validation"):
        read_sides(one, other, None, allow_few=False)
