"""Single objects of an image: changed, added, deleted."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from vidset.datasets.curation.fixes import Fix
from vidset.datasets.curation.misfit import misfit_of
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.objects import documents_in, object_of

_SHAPES = {"box": "box", "points": "polygon", "rings": "polygon", "mask": "mask"}


def with_changes(text: str | None, wanted: Sequence[Mapping[str, Any]]) -> str:
    """The objects in a manifest's text, with each of them changed, added or deleted as wanted."""
    objects = documents_in(text)
    for change in wanted:
        if change["action"] == "add":
            ids = {each.get("id") for each in objects}
            free = next(str(n) for n in range(1, len(ids) + 2) if str(n) not in ids)
            new = {"id": free, "box": None, "points": None, "attributes": {}}
            objects.append(_changed(new, change))
        elif change["action"] == "delete":
            objects = [each for each in objects if each.get("id") != change["id"]]
        else:
            objects = [
                _changed(each, change) if each.get("id") == change["id"] else each
                for each in objects
            ]
    return to_json(objects)


def fault_in(
    fix: Fix,
    rows: Mapping[str, Mapping[str, Any]],
    bytes_of: Mapping[str, Collection[str]],
    labels: Collection[str],
) -> str | None:
    """The first thing that is wrong with the changes; None if they can be made.

    Args:
        rows: of the manifest, by image_sha256.
        bytes_of: the hashes of all images that were made from a collected one.
        labels: those that may be.
    """
    row = rows.get(fix.image_sha256)
    if row is None or len(bytes_of[row["origin"]]) > 1:
        return (
            "a recipe made other pictures of this image, and objects are elsewhere in them: fix "
            "the version before the recipe, and apply it to what comes out"
        )
    ids = {each.get("id") for each in documents_in(row["objects"])}
    for change in fix.objects or ():
        if change["action"] != "add" and change["id"] not in ids:
            there = ", ".join(sorted(map(str, ids))) or "none"
            wanted = f"wanted an object to {change['action']}"
            return f"{wanted}, got {change['id']!r}; it has: {there}"
        if change.get("label") is not None and change["label"] not in labels:
            return f"no image of the version has the label {change['label']!r}"
    try:
        made = documents_in(with_changes(row["objects"], fix.objects or ()))
        for each in made:
            object_of(each)
    except (KeyError, TypeError, ValueError) as error:
        return f"wanted objects as an annotation document has them: {error!r}"
    return misfit_of(made, row["width"], row["height"])


def _changed(thing: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """An object with what the change names; another shape takes the place of the old one."""
    given = {key: value for key, value in change.items() if key not in ("action", "id")}
    shape = next((name for name in _SHAPES if given.get(name)), None)
    if shape is None:
        return {**thing, **given}
    # The keys that documents have had from the start stay, those that came later go.
    others = {name: None for name in ("box", "points") if name != shape}
    kept = {name: value for name, value in thing.items() if name not in _SHAPES}
    kind = "rotated_box" if shape == "box" and given["box"].get("angle") else _SHAPES[shape]
    return {**kept, **others, "type": kind, **given}
