"""The task template: what annotators are asked, in YAML, from which every vendor's task is made.

docs/labeling.md describes each field. A name can be a label of one type only.
"""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from vidset.labeling.annotation import ObjectType
from vidset.yaml_files import parse_yaml, read_yaml

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Label(_Part):
    """Something to mark. The least sizes are in pixels, of a box or of what holds the shape."""

    name: Name
    type: ObjectType = "box"
    min_width: float = Field(default=1, ge=0)
    min_height: float = Field(default=1, ge=0)
    description: str = ""
    color: Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")] | None = None


class Attribute(_Part):
    """A question on each object, or with `labels` on those of these labels."""

    name: Name
    choices: tuple[Name, ...] = Field(min_length=1)
    many: bool = False
    required: bool = False
    labels: tuple[Name, ...] = ()

    @field_validator("choices")
    @classmethod
    def _check_choices(cls, choices: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(choices)) < len(choices):
            raise ValueError("each choice must be named once")
        return choices


class ScaleTemplate(_Part):
    """The settings of Scale AI's tasks: https://scale.com/docs/api-reference."""

    project: Name | None = None
    batch: Name | None = None
    priority: int | None = Field(default=None, ge=10, le=30)
    params: dict[str, Any] = {}


class LabelStudioTemplate(_Part):
    """`project`: the title of the project, which is made when there is none."""

    project: Name | None = None
    annotators_per_image: int = Field(default=1, ge=1)
    config: str | None = None
    """A label config of your own, instead of the one made from the labels."""


class Template(_Part):
    name: Name
    instruction: str = ""
    labels: tuple[Label, ...] = Field(min_length=1)
    attributes: tuple[Attribute, ...] = ()
    max_objects: int = Field(default=1000, ge=1, le=10_000)
    """An answer with more objects goes to the quarantine: comparing answers takes their square."""
    allow_empty: bool = False
    """True if a submit with nothing drawn is an answer. Else it goes to the quarantine: an
    annotator who sees a broken image sends the same. Skipping an image is always an answer."""
    scale: ScaleTemplate = ScaleTemplate()
    label_studio: LabelStudioTemplate = LabelStudioTemplate()
    vendors: dict[Name, dict[str, Any]] = {}
    """By name, what vendors of other packages want to be told. They check it themselves."""

    @property
    def revision(self) -> str:
        """Name what the template says: 12 hex digits, the same however its file is written."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def label(self, name: str) -> Label | None:
        return next((label for label in self.labels if label.name == name), None)

    @model_validator(mode="after")
    def _check_names(self) -> "Template":
        names = [label.name for label in self.labels]
        for what, listed in ("label", names), ("attribute", [a.name for a in self.attributes]):
            repeated = sorted({name for name in listed if listed.count(name) > 1})
            if repeated:
                raise ValueError(f"each {what} must be named once, got twice: {repeated}")
        for attribute in self.attributes:
            unknown = sorted(set(attribute.labels) - set(names))
            if unknown:
                raise ValueError(f"attribute {attribute.name!r} is of unknown labels: {unknown}")
        return self


def read_template(path: str | Path) -> Template:
    """Reads a template from a YAML file.

    Raises:
        ValueError: it is not there, is no YAML, or is not as it should be: every fault with
            its place.
    """
    return _checked(read_yaml(path, "a task template"), str(path))


def parse_template(text: str, source: str) -> Template:
    """Read a template from a text, as `read_template` does from a file; errors name `source`."""
    return _checked(parse_yaml(text, source, "a task template"), source)


def _checked(given: object, source: str) -> Template:
    try:
        return Template.model_validate(given)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}, "
            f"got {str(fault['input'])[:80]!r}"
            for fault in error.errors()
        ]
        raise ValueError(f"{source} is no task template:\n  " + "\n  ".join(faults)) from None
