import xml.etree.ElementTree as ET

import pytest

from vidset.labeling.template import parse_template
from vidset.labeling.vendors.label_studio.config import controls_of, label_config

ALL = """
name: street
labels:
  - {name: "car <\\"&' ü 車", color: "#ff0000", description: "also <parked>"}
  - {name: person}
  - {name: road, type: polygon}
  - {name: night, type: classification}
attributes:
  - {name: occluded, choices: ["yes", "no"], labels: [person, road], required: true}
  - {name: weather, choices: [sun, rain], many: true}
"""


def template(text):
    return parse_template(text, "t.yaml")


def config_of(text):
    return ET.fromstring(label_config(template(text)))  # noqa: S314


def attributes_of(root, path):
    return [element.attrib for element in root.iterfind(path)]


def test_labels_are_in_a_control_of_their_type_with_their_color_and_description():
    root = config_of(ALL)
    assert attributes_of(root, "Image") == [
        {"name": "image", "value": "$image", "zoom": "true", "zoomControl": "true"}
    ]
    assert attributes_of(root, "RectangleLabels") == [{"name": "box", "toName": "image"}]
    assert attributes_of(root, "RectangleLabels/Label") == [
        {"value": "car <\"&' ü 車", "background": "#ff0000", "hint": "also <parked>"},
        {"value": "person"},
    ]
    assert attributes_of(root, "PolygonLabels") == [{"name": "polygon", "toName": "image"}]
    assert attributes_of(root, "PolygonLabels/Label") == [{"value": "road"}]
    assert attributes_of(root, "Choices") == [
        {"name": "classification", "toName": "image", "choice": "multiple"}
    ]
    assert attributes_of(root, "Choices/Choice") == [{"value": "night"}]


def test_attributes_are_choices_of_the_regions_they_are_asked_of():
    root = config_of(ALL)
    assert attributes_of(root, "View/Choices") == [
        {
            "name": "occluded",
            "toName": "image",
            "perRegion": "true",
            "choice": "single",
            "required": "true",
            "requiredMessage": "occluded?",
            "visibleWhen": "region-selected",
            "whenLabelValue": "person,road",
        },
        {
            "name": "weather[]",
            "toName": "image",
            "perRegion": "true",
            "choice": "multiple",
            "visibleWhen": "region-selected",
        },
    ]
    assert attributes_of(root, "View/Choices/Choice") == [
        {"value": "yes"},
        {"value": "no"},
        {"value": "sun"},
        {"value": "rain"},
    ]
    assert [header["value"] for header in attributes_of(root, "View/Header")] == [
        "occluded",
        "weather",
    ]


def test_a_template_without_a_type_has_no_control_for_it():
    root = config_of("{name: cars, labels: [{name: car}]}")
    assert [child.tag for child in root] == ["Image", "Header", "RectangleLabels"]


def test_a_config_of_ones_own_is_taken_as_it_is():
    own = "{name: cars, labels: [{name: car}], label_studio: {config: '<View/>'}}"
    assert label_config(template(own)) == "<View/>"


@pytest.mark.parametrize(
    ("labels", "attribute", "reason"),
    [
        pytest.param(
            "{name: night, type: classification}",
            "{name: sure, choices: ['yes'], labels: [night]}",
            "attribute 'sure' of template 'street' is of classifications only",
            id="of the whole image",
        ),
        pytest.param(
            "{name: 'a,b'}",
            "{name: sure, choices: ['yes'], labels: ['a,b']}",
            "attribute 'sure' of template 'street': Label Studio lists labels by commas, got 'a,b'",
            id="label with a comma",
        ),
        pytest.param(
            "{name: car}", "{name: box, choices: ['yes']}", "'box'.*own tags", id="name of a tag"
        ),
        pytest.param(
            "{name: car}", "{name: 'x[]', choices: ['yes']}", r"must not end in '\[\]'", id="[]"
        ),
    ],
)
def test_what_label_studio_cannot_ask_is_told(labels, attribute, reason):
    text = f"{{name: street, labels: [{labels}], attributes: [{attribute}]}}"
    with pytest.raises(ValueError, match=reason):
        label_config(template(text))


# As Label Studio 1.23 tells of a project, shortened.
PARSED = {
    "shapes": {"type": "RectangleLabels", "to_name": ["photo"], "labels": ["car", "person"]},
    "more": {"type": "RectangleLabels", "to_name": ["photo"], "labels": ["bus"]},
    "scene": {"type": "Choices", "to_name": ["photo"], "labels": ["night"]},
    "occluded": {"type": "Choices", "to_name": ["photo"], "labels": ["yes", "no"]},
    "note": {"type": "TextArea", "to_name": ["photo"]},
}


def test_a_projects_own_tags_are_found_by_their_labels():
    asked = template(
        "{name: street, labels: [{name: car}, {name: bus}, {name: night, type: classification}],"
        " attributes: [{name: occluded, choices: ['yes', 'no']}]}"
    )
    controls = controls_of(PARSED, asked)
    assert controls.image == "photo"
    assert controls.of("box", "car") == "shapes"
    assert controls.of("box", "bus") == "more"
    assert controls.of("classification", "night") == "scene"


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        pytest.param(
            "{name: street, labels: [{name: car}, {name: tram}]}",
            "lacks the box label 'tram'$",
            id="label",
        ),
        pytest.param(
            "{name: street, labels: [{name: car, type: polygon}]}",
            "lacks the polygon label 'car'$",
            id="label of another type",
        ),
        pytest.param(
            "{name: street, labels: [{name: 'yes', type: classification}],"
            " attributes: [{name: occluded, choices: ['yes']}]}",
            "lacks the classification label 'yes'$",
            id="a choice of an attribute is no label",
        ),
        pytest.param(
            "{name: street, labels: [{name: car}],"
            " attributes: [{name: weather, choices: [sun], many: true}]}",
            r"lacks a control named 'weather\[\]'$",
            id="attribute",
        ),
    ],
)
def test_what_a_project_lacks_is_told_by_name(text, lacks):
    with pytest.raises(ValueError, match=lacks):
        controls_of(PARSED, template(text))


def test_a_project_of_two_images_is_refused():
    parsed = PARSED | {"more": PARSED["more"] | {"to_name": ["other"]}}
    asked = template("{name: street, labels: [{name: car}]}")
    with pytest.raises(ValueError, match=r"must be of one image, got \['other', 'photo'\]"):
        controls_of(parsed, asked)


def test_masks_have_a_brush_and_turned_boxes_rectangles_of_their_own():
    text = """
name: street
labels: [{name: sky, type: mask}, {name: ship, type: rotated_box}, {name: car}]
"""
    root = config_of(text)
    assert attributes_of(root, "BrushLabels") == [{"name": "mask", "toName": "image"}]
    assert attributes_of(root, "BrushLabels/Label") == [{"value": "sky"}]
    assert [each["name"] for each in attributes_of(root, "RectangleLabels")] == [
        "box",
        "rotated_box",
    ]
    parsed = {
        "all": {"type": "RectangleLabels", "to_name": ["image"], "labels": ["ship", "car"]},
        "brush": {"type": "BrushLabels", "to_name": ["image"], "labels": ["sky"]},
    }
    controls = controls_of(parsed, template(text))
    assert controls.of("rotated_box", "ship") == controls.of("box", "ship") == "all"
    assert controls.of("mask", "sky") == "brush"
