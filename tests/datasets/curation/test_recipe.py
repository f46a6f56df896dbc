import numpy as np
import pytest

from vidset.datasets.curation.recipe import Recipe, transform
from vidset.datasets.errors import DatasetError

TEXT = """
transforms:
- crop_to_content: {margin: 0.1}
- pad
- resize: {width: 8, height: 8}
augmentations:
  copies: 2
  seed: 7
  steps:
  - rotate: {degrees: [-20, 20]}
  - zoom: {factor: [0.9, 1.1], stretch: 1.0}
"""


def read(tmp_path, text):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    return Recipe.read(path)


def test_recipe_reads_steps_in_order(tmp_path):
    recipe = read(tmp_path, TEXT)
    assert [step.name for step in recipe.transforms] == ["crop_to_content", "pad", "resize"]
    assert [step.name for step in recipe.augmentations] == ["rotate", "zoom"]
    assert (recipe.copies, recipe.seed) == (2, 7)


def test_recipe_is_the_same_after_json(tmp_path):
    recipe = read(tmp_path, TEXT)
    assert Recipe.of(recipe.to_json()) == recipe


def test_draw_gives_an_image_the_same_steps_every_time(tmp_path):
    recipe = read(tmp_path, TEXT)
    assert recipe.draw("a" * 64, 0) == recipe.draw("a" * 64, 0)


def test_draw_differs_by_image_copy_and_seed(tmp_path):
    recipe, other = read(tmp_path, TEXT), read(tmp_path, TEXT.replace("seed: 7", "seed: 8"))
    drawn = {
        repr(steps)
        for steps in (
            recipe.draw("a" * 64, 0),
            recipe.draw("a" * 64, 1),
            recipe.draw("b" * 64, 0),
            other.draw("a" * 64, 0),
        )
    }
    assert len(drawn) == 4


def test_draw_stays_within_the_range_and_fills_it(tmp_path):
    recipe = read(tmp_path, TEXT)
    degrees = [recipe.draw(f"{n:064x}", 0)[0].degrees for n in range(500)]
    assert -20 <= min(degrees) < -18
    assert 18 < max(degrees) <= 20
    assert abs(np.mean(degrees)) < 2


def test_transform_does_recorded_steps_in_order():
    picture = np.full((20, 30, 3), 255, np.uint8)
    picture[5:9, 10:14] = 0
    steps = [{"step": "crop_to_content", "difference": 48.0}, {"step": "pad", "margin": 0.5}]
    made = transform(picture, steps)
    assert made.shape == (8, 8, 3)
    assert (made[2:6, 2:6] == 0).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{", "wanted a recipe in YAML", id="no YAML"),
        pytest.param(
            "[]", "wanted the recipe with augmentations, synthetic, transforms", id="a list"
        ),
        pytest.param("transform: []", r"got \['transform'\]", id="unknown key"),
        pytest.param("transforms: []", "at least one step", id="empty"),
        pytest.param("transforms: pad", "wanted transforms as a list, got 'pad'", id="no list"),
        pytest.param(
            "transforms: [{pad: {}, resize: {}}]", "wanted a step's name", id="two in one"
        ),
        pytest.param("transforms: [{pad: 3}]", "step pad: wanted parameters by name", id="bare"),
        pytest.param(
            "augmentations: {steps: [{rotate: {degrees: [1]}}]}", "lowest, highest", id="one end"
        ),
        pytest.param(
            "augmentations: {steps: [{rotate: {degrees: [0, 999]}}]}",
            "from -180 to 180",
            id="range past what is allowed",
        ),
        pytest.param(
            "augmentations: {steps: [rotate], copies: 0}", "at least one copy", id="no copies"
        ),
        pytest.param("augmentations: {copies: 2}", "got 0 steps and 2 copies", id="no steps"),
        pytest.param(
            "augmentations: {steps: [rotate], seed: x}", "wanted seed as a whole number", id="seed"
        ),
        pytest.param(
            "transforms: [{rotate: {degrees: [1, 2]}}]",
            r"wanted degrees from -180",
            id="a transform is not drawn",
        ),
    ],
)
def test_recipe_names_file_and_fault(tmp_path, text, message):
    with pytest.raises(DatasetError, match=message) as refused:
        read(tmp_path, text)
    assert "recipe.yaml" in str(refused.value)


def test_recipe_names_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DatasetError, match=r"none\.yaml: wanted a recipe in YAML: No such file"):
        Recipe.read(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            "transforms: [pad]\ntransforms: [resize]", "got 'transforms' twice", id="list"
        ),
        pytest.param(
            "transforms: [{resize: {width: 8, width: 9}}]", "got 'width' twice", id="parameter"
        ),
    ],
)
def test_a_key_that_stands_twice_is_refused(tmp_path, text, told):
    with pytest.raises(DatasetError, match=told):
        read(tmp_path, text)


def test_an_alias_is_refused_with_its_place(tmp_path):
    text = """
transforms:
- resize: &size {width: 8, height: 8}
- resize: {<<: *size, width: 4}
"""
    with pytest.raises(DatasetError, match="an alias is not allowed"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    "around",
    [
        pytest.param("transforms: {x: {}}", id="no list"),
        pytest.param("transforms: [pad: {{to: {}}}]", id="a parameter"),
        pytest.param("transforms: [{}]", id="a step"),
        pytest.param("augmentations: {{steps: [rotate: {{degrees: {}}}]}}", id="a range"),
    ],
)
def test_a_few_lines_that_would_fill_the_memory_are_refused_in_a_few(tmp_path, around):
    bomb = "&a0 [x, x]"
    for level in range(40):
        bomb = f"&a{level + 1} [{bomb}, *a{level}]"
    with pytest.raises(DatasetError) as refused:
        read(tmp_path, around.replace("{x: {}}", "{{x: {}}}").format(bomb))
    assert len(str(refused.value)) < 1000
