"""The task template as parameters of Scale AI's image annotation tasks.

Scale documents them in https://scale.com/docs/api-reference/image-and-video-reference and
https://scale.com/docs/api-reference/annotation-attributes. What goes where:

- Boxes and polygons: `geometries`. Scale has one least size for all boxes, so it is told the
  smallest of the labels', and none for polygons: each label's own is checked in the answer. Where
  a label is a rotated box, all boxes can be turned. These tasks have no masks.
- Labels of the type classification: the choices of one global attribute, `whole_image`, of which
  several may hold. Its answer is in the response's `global_attributes`.
- Attributes: `annotation_attributes`, limited to labels by a `label_condition`. Scale has no
  optional ones, so `required` says nothing to it, and no attributes of a global attribute.
- Descriptions of labels: a list below the instruction. Colors: Scale takes none.
"""

from typing import Any

from vidset.labeling.template import Attribute, Label, Template

WHOLE_IMAGE = "whole_image"
# What belongs to one task, not to the template.
_OF_A_TASK = {"attachment", "callback_url", "hypothesis", "metadata", "unique_id"}


def task_parameters(template: Template) -> dict[str, Any]:
    """Returns what a template's tasks have in common. `scale.params` win over what is made here.

    Raises:
        ValueError: Scale cannot ask what the template asks, or `scale.params` has what belongs to
            one task.
    """
    scale = template.scale
    reserved = sorted(_OF_A_TASK & scale.params.keys())
    if reserved:
        raise ValueError(f"scale.params of template {template.name!r} must not have {reserved}")
    parameters = {
        "instruction": _instruction(template),
        "geometries": _geometries(template.labels),
        "annotation_attributes": _attributes(template),
        "project": scale.project,
        "batch": scale.batch,
        "priority": scale.priority,
    }
    parameters = {name: value for name, value in parameters.items() if value} | scale.params
    if not parameters.get("geometries"):
        raise ValueError(
            f"template {template.name!r} needs a label of the type box or polygon for Scale, "
            "which has no image annotation tasks without"
        )
    return parameters


def _instruction(template: Template) -> str:
    described = [f"- **{a.name}**: {a.description}" for a in template.labels if a.description]
    return "\n\n".join(filter(None, [template.instruction.strip(), "\n".join(described)]))


def _geometries(labels: tuple[Label, ...]) -> dict[str, Any]:
    boxes = [label for label in labels if label.type in ("box", "rotated_box")]
    polygons = [label.name for label in labels if label.type == "polygon"]
    masks = [label.name for label in labels if label.type == "mask"]
    if masks:
        raise ValueError(
            "wanted labels that Scale's image annotation tasks can ask for, got the masks "
            f"{masks}: make them polygons, or take another vendor"
        )
    geometries: dict[str, Any] = {}
    if boxes:
        geometries["box"] = {
            "objects_to_annotate": [label.name for label in boxes],
            "min_width": int(min(label.min_width for label in boxes)),
            "min_height": int(min(label.min_height for label in boxes)),
        }
        if any(label.type == "rotated_box" for label in boxes):
            geometries["box"]["can_rotate"] = True
    if polygons:
        geometries["polygon"] = {"objects_to_annotate": polygons, "min_vertices": 3}
    return geometries


def _attributes(template: Template) -> dict[str, Any]:
    words = [label.name for label in template.labels if label.type == "classification"]
    attributes = {a.name: _attribute(a, words) for a in template.attributes}
    if words:
        if WHOLE_IMAGE in attributes:
            raise ValueError(
                f"template {template.name!r} must not name an attribute {WHOLE_IMAGE!r}, "
                "by which Scale asks for the labels of the whole image"
            )
        attributes[WHOLE_IMAGE] = {
            "type": "category",
            "description": "Which of these hold for the image as a whole?",
            "choices": words,
            "allow_multiple": True,
            "conditions": {"is_global": True},
        }
    return attributes


def _attribute(attribute: Attribute, words: list[str]) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "type": "category",
        "description": attribute.name,
        "choices": list(attribute.choices),
        "allow_multiple": attribute.many,
    }
    if attribute.labels:
        drawn = [name for name in attribute.labels if name not in words]
        if not drawn:
            raise ValueError(
                f"attribute {attribute.name!r} is of labels of the whole image only, "
                f"{list(attribute.labels)}, of which Scale has no attributes"
            )
        asked["conditions"] = {"label_condition": {"label": drawn}}
    return asked
