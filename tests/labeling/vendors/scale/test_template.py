import pytest

from vidset.labeling.template import Template, parse_template
from vidset.labeling.vendors.scale.template import task_parameters

CAR = {"name": "car"}


def template(**values):
    return Template.model_validate({"name": "roads", "labels": [CAR]} | values)


def test_boxes_have_the_least_size_of_their_labels():
    labels = [
        CAR | {"min_width": 8.5, "min_height": 20},
        {"name": "bus", "min_width": 30, "min_height": 9.9},
    ]
    assert task_parameters(template(labels=labels))["geometries"] == {
        "box": {"objects_to_annotate": ["car", "bus"], "min_width": 8, "min_height": 9}
    }


def test_polygons_stand_beside_boxes():
    labels = [CAR, {"name": "road", "type": "polygon", "min_width": 50}]
    assert task_parameters(template(labels=labels))["geometries"] == {
        "box": {"objects_to_annotate": ["car"], "min_width": 1, "min_height": 1},
        "polygon": {"objects_to_annotate": ["road"], "min_vertices": 3},
    }


def test_labels_of_the_whole_image_are_the_choices_of_a_global_attribute():
    words = [{"name": name, "type": "classification"} for name in ("night", "rain")]
    parameters = task_parameters(template(labels=[CAR, *words]))
    assert list(parameters["geometries"]) == ["box"]
    assert parameters["annotation_attributes"] == {
        "whole_image": {
            "type": "category",
            "description": "Which of these hold for the image as a whole?",
            "choices": ["night", "rain"],
            "allow_multiple": True,
            "conditions": {"is_global": True},
        }
    }


def test_attributes_are_asked_of_their_labels():
    attributes = [
        {"name": "parked", "choices": ["yes", "no"]},
        {"name": "lights", "choices": ["left", "right"], "many": True, "labels": ["car", "night"]},
    ]
    labels = [CAR, {"name": "night", "type": "classification"}]
    asked = task_parameters(template(labels=labels, attributes=attributes))["annotation_attributes"]
    assert asked["parked"] == {
        "type": "category",
        "description": "parked",
        "choices": ["yes", "no"],
        "allow_multiple": False,
    }
    assert asked["lights"] == {
        "type": "category",
        "description": "lights",
        "choices": ["left", "right"],
        "allow_multiple": True,
        "conditions": {"label_condition": {"label": ["car"]}},
    }


def test_descriptions_of_labels_follow_the_instruction():
    labels = [CAR | {"description": "also parked ones"}, {"name": "bus"}]
    parameters = task_parameters(template(instruction="Draw.\n", labels=labels))
    assert parameters["instruction"] == "Draw.\n\n- **car**: also parked ones"


def test_what_a_template_leaves_out_is_not_sent():
    assert task_parameters(template()).keys() == {"geometries"}


def test_the_parameters_for_scale_alone_win():
    scale = {"project": "p", "batch": "b", "priority": 30, "params": {"tags": ["t"], "batch": "c"}}
    parameters = task_parameters(template(scale=scale))
    del parameters["geometries"]
    assert parameters == {"project": "p", "batch": "c", "priority": 30, "tags": ["t"]}


NIGHT = {"name": "night", "type": "classification"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param(
            {"labels": [NIGHT]},
            "template 'roads' needs a label of the type box or polygon for Scale",
            id="nothing to draw",
        ),
        pytest.param(
            {"scale": {"params": {"unique_id": "a", "metadata": {}}}},
            r"scale.params of template 'roads' must not have \['metadata', 'unique_id'\]",
            id="what belongs to one task",
        ),
        pytest.param(
            {"labels": [CAR, NIGHT], "attributes": [{"name": "whole_image", "choices": ["a"]}]},
            "template 'roads' must not name an attribute 'whole_image'",
            id="the name of our attribute",
        ),
        pytest.param(
            {
                "labels": [CAR, NIGHT],
                "attributes": [{"name": "moon", "choices": ["full"], "labels": ["night"]}],
            },
            r"attribute 'moon' is of labels of the whole image only, \['night'\]",
            id="an attribute of the whole image",
        ),
    ],
)
def test_what_scale_cannot_ask_is_told_before_any_work(values, message):
    with pytest.raises(ValueError, match=message):
        task_parameters(template(**values))


def test_boxes_can_be_turned_where_a_label_is_a_turned_box_and_masks_are_refused():
    turned = parse_template("name: x\nlabels: [{name: ship, type: rotated_box}]", "t.yaml")
    assert task_parameters(turned)["geometries"]["box"]["can_rotate"] is True
    masks = parse_template("name: x\nlabels: [{name: sky, type: mask}]", "t.yaml")
    with pytest.raises(ValueError, match=r"got the masks \['sky'\]: make them polygons"):
        task_parameters(masks)
