import pytest

from tests.datasets.curation.test_add import offer
from vidset.datasets.curation.apply import apply
from vidset.datasets.curation.create import Wanted, create
from vidset.datasets.curation.recipe import Recipe
from vidset.datasets.curation.rename import renamed_order
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.label_order import label_order

RENAMED = Recipe.of({"transforms": [{"rename": {"a": "b"}}, {"rename": {"b": "c"}}]})


def test_a_label_is_renamed_and_the_images_stay_as_they_are(repository):
    images = offer(("0.png", 0, None), ("1.png", 1, None))
    first = create(repository, images, Wanted(shares={"train": 1}))
    made = apply(repository, first.id, RENAMED)
    assert made.images.classes == ["c"]
    same = ("image_sha256", "image_uri", "split", "group", "made_by")
    assert made.images.table.select(same) == first.images.table.select(same)
    assert repository.details(made.id)["recipe"] == {"transforms": [{"rename": {"a": "c"}}]}
    assert label_order(repository, made.id) == ["c"]


def test_a_recipe_with_renamed_labels_comes_back_from_its_json():
    given = {"transforms": [{"rename": {"a": "b"}}, "pad"]}
    assert Recipe.of(Recipe.of(given).to_json()) == Recipe.of(given)


def test_a_label_that_no_image_has_is_a_typing_error(repository):
    first = create(repository, offer(("0.png", 0, None)), Wanted(shares={"train": 1}))
    wrong = Recipe.of({"transforms": [{"rename": {"ca": "car"}}]})
    with pytest.raises(DatasetError, match="got ca; there are a"):
        apply(repository, first.id, wrong)


def test_a_label_keeps_its_number_under_its_new_name():
    assert renamed_order(["car", "van", "bus"], {"car": "auto"}) == ["auto", "van", "bus"]
    assert renamed_order(["car", "van", "bus"], {"van": "car"}) == ["car", "bus"]


@pytest.mark.parametrize("given", [{}, {"a": 1}, {"a": ""}])
def test_a_rename_that_is_none_is_refused(given):
    with pytest.raises(DatasetError, match="step rename: wanted old labels with their new names"):
        Recipe.of({"transforms": [{"rename": given}]})
