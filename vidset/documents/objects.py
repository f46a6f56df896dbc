"""Objects of annotations and predictions as documents, from the rows of their tables."""

import json
from typing import Any

_ALWAYS = ("id", "label", "type", "box", "points", "attributes")


def object_document(thing: dict[str, Any]) -> dict[str, Any]:
    """Return an object as in the annotation document, from a row."""
    attributes = {each["name"]: json.loads(each["value"]) for each in thing["attributes"] or ()}
    # Columns that a later release added say nothing where they are null, and stay out of the id.
    more = {key: value for key, value in thing.items() if key not in _ALWAYS and value}
    if thing["points"]:  # All that the one ring says.
        more.pop("rings", None)
    if mask := more.get("mask"):
        more["mask"] = {"size": [mask["height"], mask["width"]], "counts": mask["counts"]}
    if box := thing["box"]:
        box = {key: value for key, value in box.items() if value or key != "angle"}
    always = {"id": thing["id"], "label": thing["label"], "type": thing["type"], "box": box}
    return {**always, "points": thing["points"] or None, "attributes": attributes, **more}
