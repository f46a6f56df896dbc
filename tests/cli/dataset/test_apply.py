import pytest

from tests.cli.called import vidset
from tests.cli.dataset.test_exchange import create
from vidset.datasets.versions.repository import Repository

RECIPE = """
transforms:
- resize: {width: 8, height: 8}
augmentations:
  copies: 2
  seed: 1
  steps:
  - rotate: {degrees: [-20, 20]}
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE)
    return path


def apply(tmp_path, recipe, *more):
    return vidset("dataset", "apply", "v1", recipe, "-p", tmp_path / "here", *more)


def test_apply_makes_the_next_version(tmp_path, recipe):
    first = create(tmp_path, "v1", 8)  # Six for training, two for validation.
    done = apply(tmp_path, recipe, "--name", "v2", "--json")
    assert done.code == 0, done.err
    facts = done.found
    assert (facts["name"], facts["images"], facts["is_new"]) == ("v2", 20, True)
    repository = Repository(tmp_path / "here" / "datasets")
    details = repository.details("v2")
    assert details["parents"] == [first]
    assert details["transforms"] == [
        {"step": "resize", "width": 8, "height": 8, "interpolation": "area"}
    ]
    assert details["recipe"]["augmentations"]["copies"] == 2
    assert repository.measures("v2").num_rows == 20


def test_apply_again_makes_the_same_version(tmp_path, recipe):
    create(tmp_path, "v1", 8)
    once, again = (apply(tmp_path, recipe, "--json").found for _ in range(2))
    assert again == {**once, "is_new": False}


def test_transforms_add_up_over_versions(tmp_path, recipe):
    create(tmp_path, "v1", 8)
    apply(tmp_path, recipe, "--name", "v2")
    other = tmp_path / "other.yaml"
    other.write_text("transforms: [median_filter]")
    vidset("dataset", "apply", "v2", other, "-p", tmp_path / "here", "--name", "v3")
    steps = Repository(tmp_path / "here" / "datasets").details("v3")["transforms"]
    assert [step["step"] for step in steps] == ["resize", "median_filter"]


def test_apply_refuses_more_images_than_the_cap(tmp_path, recipe):
    create(tmp_path, "v1", 8)
    refused = apply(tmp_path, recipe, "--cap", 19)
    assert refused.code == 1
    assert "wanted at most 19 images for training and validation, got 20" in refused.err
    assert len(Repository(tmp_path / "here" / "datasets").versions()) == 1


@pytest.mark.parametrize(
    ("version", "text", "message"),
    [
        pytest.param("v1", "transforms: [sharpen]", "wanted a step, one of", id="recipe"),
        pytest.param("v9", "transforms: [pad]", "has no version 'v9'", id="version"),
    ],
)
def test_apply_exits_2_before_any_work(tmp_path, version, text, message):
    create(tmp_path, "v1", 2)
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    ended = vidset("dataset", "apply", version, path, "-p", tmp_path / "here")
    assert ended.code == 2
    assert message in ended.err
    assert len(Repository(tmp_path / "here" / "datasets").versions()) == 1
