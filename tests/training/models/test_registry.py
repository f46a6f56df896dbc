from dataclasses import replace

import pytest

from vidset.datasets.errors import DatasetError
from vidset.training.models.registry import MODELS, fixed_model


@pytest.mark.parametrize(
    ("name", "recipe_hash"),
    [
        pytest.param(
            "resnet50-c2-32",
            "748b68c9babeedf608ebd7e683d1c60c055ab8b782c2ade2d55d30360fde660b",
            id="resnet50-c2-32",
        ),
        pytest.param(
            "centernet-r18-256",
            "0011c68d08fdcbacf23dc387a44c14363290b5264d7d268ebee2388cd18dddb6",
            id="centernet-r18-256",
        ),
        pytest.param(
            "unet-r18-320x180",
            "01ed6cc0fba095c3138cfe26403b31a19c9ffe888f418722a715f3005a12fbdf",
            id="unet-r18-320x180",
        ),
        pytest.param(
            "maskrcnn-r50-fpn",
            "ea3dbde86a33f798615ddc0dd2064aca22e0a16691a1c78019b3b34e0efee385",
            id="maskrcnn-r50-fpn",
        ),
    ],
)
def test_fixed_model_has_the_recipe_that_results_were_measured_with(name, recipe_hash):
    """If this fails, the model is another one: give it another name, and keep this one."""
    assert fixed_model(name).recipe_hash == recipe_hash


def test_every_fixed_model_is_pinned_here():
    assert sorted(MODELS) == [
        *("centernet-r18-256", "maskrcnn-r50-fpn", "resnet50-c2-32", "unet-r18-320x180"),
    ]


def test_recipe_hash_changes_with_any_value():
    model = fixed_model("resnet50-c2-32")
    other = replace(model, recipe={**model.recipe, "batch_size": 16})
    assert other.recipe_hash != model.recipe_hash


def test_fixed_model_names_those_that_there_are():
    with pytest.raises(
        DatasetError,
        match="unknown model 'vgg': wanted one of centernet-r18-256, maskrcnn-r50-fpn, ",
    ):
        fixed_model("vgg")
