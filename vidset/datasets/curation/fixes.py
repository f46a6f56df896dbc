"""The fixes of a review, as a file has them.

    {"version": id, "actor": name, "fixes": [{"image_sha256", "image_uri", "action", ...}]}

The actor is who decided; it may be missing. An action is `keep`, `remove`, `relabel` with the right
`label` of the whole image, or `objects` with a list of what is wrong with single objects. `relabel`
without a label sends the image back to the annotators, with the `note`; the version stays as it is
until they have answered.

    {"action": "change", "id": "2", "label": "truck", "box": {"x", "y", "width", "height"}}
    {"action": "add", "label": "car", "box": {...}}          or with "points", or "rings"
    {"action": "delete", "id": "3"}
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from vidset.datasets.errors import DatasetError, FaultsError, shortened
from vidset.regular_files import read_regular

Action = Literal["relabel", "remove", "keep", "objects"]
_ACTIONS: tuple[Action, ...] = get_args(Action)
_CHANGES = ("change", "add", "delete")
_DRAWN = ("box", "points", "rings", "mask")
_SHOWN = 16  # Digits of a hash in messages.


@dataclass(frozen=True, slots=True)
class Fix:
    """A person's decision on one image.

    Attributes:
        action: keep says that the label was looked at and is right.
        label: the right one, with relabel.
        objects: what to change in single objects, with the action objects.
        category: why the image was wrong, in the reviewer's words.
    """

    image_sha256: str
    image_uri: str
    action: Action
    label: str | None = None
    category: str | None = None
    note: str | None = None
    objects: tuple[Mapping[str, Any], ...] | None = None

    @property
    def is_for_annotators(self) -> bool:
        """Returns whether annotators are to label the image again."""
        return self.action == "relabel" and self.label is None

    def to_json(self) -> dict[str, Any]:
        told = {name: value for name, value in asdict(self).items() if value is not None}
        return told | ({"objects": list(map(dict, self.objects))} if self.objects else {})

    def __str__(self) -> str:
        what = f"{self.action} {self.label!r}" if self.label is not None else self.action
        if self.objects is not None:
            what = f"{len(self.objects)} objects"
        return f"{self.image_uri} ({self.image_sha256[:_SHOWN]}): {what}"


@dataclass(frozen=True, slots=True)
class Fixes:
    """The fixes of one review.

    Attributes:
        version: the id of the dataset version that was looked at.
        actor: who decided; None where nothing tells.
    """

    version: str
    fixes: tuple[Fix, ...]
    actor: str | None = None

    def to_json(self) -> dict[str, Any]:
        told = {} if self.actor is None else {"actor": self.actor}
        return {"version": self.version, **told, "fixes": [fix.to_json() for fix in self.fixes]}


def read_fixes(path: Path) -> Fixes:
    """The fixes in a file. Raises what `parse_fixes` raises, and DatasetError without a file."""
    try:
        text = read_regular(path)
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}") from None
    return parse_fixes(text, str(path))


def parse_fixes(text: str | bytes, name: str) -> Fixes:
    """Read {"version": id, "fixes": [{image_sha256, image_uri, action, label?, ...}]}.

    Args:
        name: where it comes from, for messages.

    Raises:
        DatasetError: it is nothing such.
        FaultsError: single fixes are not usable; each is named.
    """
    try:
        value = json.loads(text)
    except ValueError as error:
        raise DatasetError(f"{name}: wanted JSON: {error}") from None
    is_usable = isinstance(value, dict) and isinstance(value.get("version"), str)
    if not is_usable or not isinstance(value.get("fixes"), list):
        raise DatasetError(f'{name}: wanted {{"version": id, "fixes": [...]}}')
    faults = [
        f"{name}: fix {place + 1}: {fault}"
        for place, one in enumerate(value["fixes"])
        if (fault := _fault(one))
    ]
    if faults:
        raise FaultsError(f"{name}: {len(faults)} fixes cannot be used", faults)
    actor = value.get("actor")
    if actor is not None and not isinstance(actor, str):
        raise DatasetError(f"{name}: wanted a name as actor, got {json.dumps(actor)[:60]}")
    names = Fix.__dataclass_fields__
    return Fixes(value["version"], tuple(_fix(one, names) for one in value["fixes"]), actor)


def _fix(one: Mapping[str, Any], names: Collection[str]) -> Fix:
    given = {key: one[key] for key in names if key in one}
    if given.get("objects") is not None:
        given["objects"] = tuple(given["objects"])
    return Fix(**given)


def _fault(one: Any) -> str | None:
    """Returns why it is no fix; None if it is one."""
    if not isinstance(one, dict):
        return f"wanted an object, got {json.dumps(one)[:60]}"
    for key in "image_sha256", "image_uri":
        if not isinstance(one.get(key), str) or not one[key]:
            return f"wanted {key}, got {one.get(key)!r}"
    what = _fault_in_action(one)
    return what and f"{one['image_uri']}: {what}"


def _fault_in_action(one: Mapping[str, Any]) -> str | None:
    if one.get("action") not in _ACTIONS:
        return f"wanted action {', '.join(_ACTIONS)}, got {one.get('action')!r}"
    for key in "label", "category", "note":
        if not isinstance(one.get(key), str | None):
            return f"wanted a text as {key}, got {one[key]!r}"
    if one.get("label") is not None and (one["action"] != "relabel" or not one["label"]):
        return "a label stands with relabel, and only there"
    objects = one.get("objects")
    if (one["action"] == "objects") != bool(objects):
        return "a list of objects stands with the action objects, and only there"
    if not isinstance(objects, list | None):
        return f"wanted a list of objects, got {shortened(objects)}"
    return next(filter(None, map(_fault_in_object, objects or ())), None)


def _fault_in_object(change: Any) -> str | None:
    action = change.get("action") if isinstance(change, dict) else None
    if action not in _CHANGES:
        return f"wanted an object with action {', '.join(_CHANGES)}, got {shortened(change)}"
    if not isinstance(change.get("label"), str | None):
        return f"wanted a text as label, got {shortened(change['label'])}"
    drawn = [name for name in _DRAWN if change.get(name)]
    if action == "add":
        is_whole = change.get("label") and len(drawn) == 1
        wanted = f"a label and one of {', '.join(_DRAWN)}"
    else:
        is_whole = isinstance(change.get("id"), str)
        wanted = "the object's id"
        if action == "change" and is_whole:
            is_whole = change.get("label") or len(drawn) == 1 or "attributes" in change
            wanted = "a label, a shape or attributes"
    return None if is_whole else f"wanted {wanted} to {action} it, got {shortened(change)}"
