"""Reads what a provider accepts: its resources' arguments and blocks, by name and type."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# A type as Terraform writes it in JSON: "string", ["list", "string"], ["object", {name: type}].
TerraformType = str | list[Any]


@dataclass(frozen=True, slots=True)
class Attribute:
    """An argument, or a value that the provider computes, or both."""

    name: str
    type: TerraformType
    required: bool
    optional: bool
    computed: bool


@dataclass(frozen=True, slots=True)
class Block:
    """A block: all that stands between braces."""

    attributes: tuple[Attribute, ...]
    blocks: tuple["NestedBlock", ...]


@dataclass(frozen=True, slots=True)
class NestedBlock:
    """A block inside another.

    Attributes:
        nesting: single, list or set.
        least: so many must be there.
        most: no more may be there; 0 for any number.
    """

    name: str
    nesting: str
    least: int
    most: int
    block: Block

    def __post_init__(self) -> None:
        if self.nesting not in ("single", "list", "set"):
            raise ValueError(f"block {self.name}: no nesting is called {self.nesting!r}")


@dataclass(frozen=True, slots=True)
class ProviderSchema:
    """A provider at one version.

    Attributes:
        source: its address in the registry, as in registry.terraform.io/hashicorp/google.
    """

    source: str
    version: str
    provider: Block
    resources: Mapping[str, Block]
    data_sources: Mapping[str, Block]
