"""The task template as a Label Studio label config, and a project's config against the template.

https://labelstud.io/tags. What goes where:

- Labels: one control for each type, named as it: `box`, `rotated_box`, `polygon`, `mask`,
  `classification`. A mask is painted with a brush.
- Attributes: choices of each region, named as they are; those of which several may hold end in
  `[]`, by which the answer is known to be a list.
- Descriptions of labels: hints. Least sizes: Label Studio has none; each answer is checked.
"""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

from vidset.labeling.annotation import ObjectType
from vidset.labeling.template import Attribute, Label, Template
from vidset.labeling.vendors.label_studio.items import MANY, Controls

_IMAGE = Controls().image
# Label Studio's rectangles can be turned: there is no tag of its own for that.
_CONTROLS: dict[str, tuple[ObjectType, ...]] = {
    "RectangleLabels": ("box", "rotated_box"),
    "PolygonLabels": ("polygon",),
    "BrushLabels": ("mask",),
    "Choices": ("classification",),
}
_TYPES: dict[ObjectType, str] = {type_: tag for tag, types in _CONTROLS.items() for type_ in types}


def label_config(template: Template) -> str:
    """XML: the template's own config if it has one, else what its labels and attributes make.

    Raises:
        ValueError: Label Studio cannot ask what the template asks.
    """
    if template.label_studio.config:
        return template.label_studio.config
    view = ET.Element("View")
    ET.SubElement(view, "Image", name=_IMAGE, value="$image", zoom="true", zoomControl="true")
    # What a reviewer said, in a second round; nothing in the first.
    ET.SubElement(view, "Header", value="$remark", size="5")
    for type_, tag in _TYPES.items():
        labels = [label for label in template.labels if label.type == type_]
        if labels:
            _add_labels(view, tag, type_, labels)
    for attribute in template.attributes:
        _add_attribute(view, attribute, template)
    return ET.tostring(view, encoding="unicode")


def control_name(attribute: Attribute) -> str:
    return attribute.name + (MANY if attribute.many else "")


def controls_of(parsed: Mapping[str, Mapping[str, Any]], template: Template) -> Controls:
    """The tags of a project, by the `parsed_label_config` that Label Studio tells of it.

    Raises:
        ValueError: something of the template is not there; all of it by name.
    """
    asked = {control_name(attribute) for attribute in template.attributes}
    labels, images = {}, set()
    for name, control in parsed.items():
        types = _CONTROLS.get(control["type"], ())
        if not types or name in asked:
            continue
        images |= set(control["to_name"])
        named = control.get("labels", ())
        labels |= {(type_, label): name for type_ in types for label in named}
    missing = [
        f"the {label.type} label {label.name!r}"
        for label in template.labels
        if (label.type, label.name) not in labels
    ]
    missing += [f"a control named {name!r}" for name in sorted(asked - parsed.keys())]
    if missing:
        raise ValueError(f"its label config lacks {', '.join(missing)}")
    if len(images) != 1:
        raise ValueError(f"its label config must be of one image, got {sorted(images)}")
    return Controls(image=images.pop(), labels=labels)


def _add_labels(view: ET.Element, tag: str, type_: ObjectType, labels: list[Label]) -> None:
    several = {"choice": "multiple"} if type_ == "classification" else {}
    control = ET.SubElement(view, tag, {"name": type_, "toName": _IMAGE} | several)
    for label in labels:
        values = {"value": label.name}
        if label.color:
            values["background"] = label.color
        if label.description:
            values["hint"] = label.description
        ET.SubElement(control, "Choice" if type_ == "classification" else "Label", values)


def _add_attribute(view: ET.Element, attribute: Attribute, template: Template) -> None:
    """Shown while a region is selected: its name as a header, and its choices."""
    place = f"attribute {attribute.name!r} of template {template.name!r}"
    if control_name(attribute) in (_IMAGE, *_TYPES):
        raise ValueError(f"{place} has the name of one of Label Studio's own tags here")
    if attribute.name.endswith(MANY):
        raise ValueError(f"{place} must not end in {MANY!r}")
    shown = {"visibleWhen": "region-selected"}
    if attribute.labels:
        shown["whenLabelValue"] = ",".join(_drawn_labels(attribute, template, place))
    group = ET.SubElement(view, "View", shown)
    ET.SubElement(group, "Header", value=attribute.name, size="6")
    asked = {
        "name": control_name(attribute),
        "toName": _IMAGE,
        "perRegion": "true",
        "choice": "multiple" if attribute.many else "single",
    }
    if attribute.required:
        asked |= {"required": "true", "requiredMessage": f"{attribute.name}?"}
    control = ET.SubElement(group, "Choices", asked | shown)
    for choice in attribute.choices:
        ET.SubElement(control, "Choice", value=choice)


def _drawn_labels(attribute: Attribute, template: Template, place: str) -> list[str]:
    """The attribute's labels that have regions: a classification has none to ask about."""
    types = {label.name: label.type for label in template.labels}
    drawn = [name for name in attribute.labels if types[name] != "classification"]
    if not drawn:
        raise ValueError(f"{place} is of classifications only, which Label Studio cannot ask")
    with_comma = [name for name in drawn if "," in name]
    if with_comma:
        raise ValueError(f"{place}: Label Studio lists labels by commas, got {with_comma[0]!r}")
    return drawn
