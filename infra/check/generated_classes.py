"""One resource's schema, from the TypeScript that cdktf generated of it.

The classes were generated from `terraform providers schema -json`. Before each attribute stands a
comment such as `// bucket - computed: false, optional: false, required: true`, and after it a
getter that tells the type, so that names, types and flags come back exactly. What does not come
back: descriptions, and the values that the provider itself checks (enums, patterns, lengths).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from infra.check.provider_schema import Attribute, Block, NestedBlock, TerraformType

_CLASS = re.compile(r"^export (?:declare )?class (\w+) extends ([\w.]+)", re.MULTILINE)
_TO_HCL = re.compile(r"^export function (\w+)ToHclTerraform\(.*?^\}", re.MULTILINE | re.DOTALL)
_MEMBER = re.compile(
    r"// (\w+) - computed: (true|false), optional: (true|false), required: (true|false)\n"
)
_OBJECT = re.compile(r"= new (\w+)\(this, \"[^\"]+\"(?:, (true|false))?\)")
_TERRAFORM_TYPE = re.compile(r'tfResourceType = "(\w+)"')
_HCL_ENTRY = re.compile(r"(\w+): \{\n\s*value: [^\n]*\n\s*isBlock: (true|false),")
_ROOTS = ("cdktf.TerraformResource", "cdktf.TerraformDataSource", "cdktf.TerraformProvider")

_GETTERS: tuple[tuple[re.Pattern[str], TerraformType], ...] = tuple(
    (re.compile(pattern), type_)
    for pattern, type_ in (  # The first that is found counts.
        (r"Fn\.tolist\(this\.getListAttribute", ["set", "string"]),
        (r"Fn\.tolist\(this\.getNumberListAttribute", ["set", "number"]),
        (r"getNumberListAttribute", ["list", "number"]),
        (r"getListAttribute", ["list", "string"]),
        (r"getStringMapAttribute|cdktf\.StringMap\(", ["map", "string"]),
        (r"getNumberMapAttribute|cdktf\.NumberMap\(", ["map", "number"]),
        (r"getBooleanMapAttribute|cdktf\.BooleanMap\(", ["map", "bool"]),
        (r"cdktf\.StringMapList\(", ["list", ["map", "string"]]),
        (r"getStringAttribute", "string"),
        (r"getNumberAttribute", "number"),
        (r"getBooleanAttribute", "bool"),
        # A provider's own class has plain fields instead of getters.
        (r"private _\w+\?: string;", "string"),
        (r"private _\w+\?: number;", "number"),
        (r"private _\w+\?: boolean \| cdktf\.IResolvable;", "bool"),
        (r"private _\w+\?: string\[\];", ["list", "string"]),
        (r"private _\w+\?: \{ \[key: string\]: string \};", ["map", "string"]),
    )
)
# Blocks of `provider "google" {}` for whose parts nothing is generated; we have no use for them.
_UNKNOWN_PROVIDER_BLOCKS = frozenset({"batching", "external_credentials"})


def read_classes(text: str) -> tuple[str, Block]:
    """The Terraform type that a generated file is about ("provider" for a provider), and its block.

    Raises:
        ValueError: the text is not such a file, or has a member of an unknown form.
    """
    classes = _Classes.parse(text)
    for name, base in classes.bases.items():
        if base in _ROOTS:
            is_provider = base == "cdktf.TerraformProvider"
            found = None if is_provider else _TERRAFORM_TYPE.search(classes.bodies[name])
            if not is_provider and found is None:
                raise ValueError(f"class {name}: wanted a tfResourceType, got none")
            skip = _UNKNOWN_PROVIDER_BLOCKS if is_provider else frozenset()
            return found.group(1) if found else "provider", classes.block(name, skip)
    raise ValueError("wanted a class of a resource, a data source or a provider, got none")


@dataclass(frozen=True, slots=True)
class _Classes:
    """The classes of one file: their text, what they extend, and what writes each as HCL."""

    bodies: dict[str, str]
    bases: dict[str, str]
    to_hcl: dict[str, str]

    @classmethod
    def parse(cls, text: str) -> "_Classes":
        found = list(_parts(_CLASS, text))
        return cls(
            {match.group(1): match.group(0) + rest for match, rest in found},
            {match.group(1): match.group(2) for match, _ in found},
            {match.group(1): match.group(0) for match in _TO_HCL.finditer(text)},
        )

    def block(self, name: str, skip: frozenset[str] = frozenset()) -> Block:
        attributes, blocks = [], []
        written_as_blocks = self._written_as_blocks(name)
        for member in self._members(name):
            if member.name in skip:
                continue
            if member.item is not None and member.name in written_as_blocks:
                blocks.append(self._nested(member, member.item))
            else:
                attributes.append(
                    Attribute(
                        member.name,
                        self._type(name, member),
                        member.required,
                        member.optional,
                        member.computed,
                    )
                )
        return Block(tuple(attributes), tuple(blocks))

    def _nested(self, member: "_Member", item: str) -> NestedBlock:
        block = self.block(item)
        if member.name == "timeouts":
            return NestedBlock(member.name, "single", 0, 0, block)
        nesting = "set" if member.is_set else "list"
        return NestedBlock(
            member.name, nesting, int(member.required), 0 if member.is_many else 1, block
        )

    def _type(self, owner: str, member: "_Member") -> TerraformType:
        if member.item is not None:
            return ["set" if member.is_set else "list", _object_type(self.block(member.item))]
        for getter, type_ in _GETTERS:
            if getter.search(member.text):
                return type_
        raise ValueError(f"{owner}.{member.name}: unknown form {member.text.strip()[:80]!r}")

    def _written_as_blocks(self, name: str) -> set[str]:
        """Returns which members HCL writes as blocks, by the class's or its struct's mapping."""
        text = self.bodies[name]
        if "synthesizeHclAttributes" not in text:
            struct = re.sub(r"(OutputReference|List)$", "", name)
            text = self.to_hcl.get(struct[0].lower() + struct[1:], "")
        return {member for member, is_block in _HCL_ENTRY.findall(text) if is_block == "true"}

    def _members(self, name: str) -> Iterator["_Member"]:
        for mark, text in _parts(_MEMBER, self.bodies[name]):
            item = _OBJECT.search(text)
            if item and item.group(1).startswith("cdktf"):
                item = None
            item_class = item and re.sub(r"List$", "OutputReference", item.group(1))
            if item_class and item_class not in self.bodies:
                raise ValueError(f"{name}.{mark.group(1)}: no class {item_class}")
            yield _Member(
                mark.group(1),
                *(flag == "true" for flag in mark.groups()[1:]),
                text=text,
                item=item_class,
                is_many=bool(item and item.group(1).endswith("List")),
                is_set=bool(item and item.group(2) == "true"),
            )


def _object_type(block: Block) -> TerraformType:
    """The type of a nested value that is no block."""
    fields = {attribute.name: attribute.type for attribute in block.attributes}
    fields |= {nested.name: ["list", _object_type(nested.block)] for nested in block.blocks}
    return ["object", fields]


def _parts(mark: re.Pattern[str], text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Each place where `mark` is found, with the text from there to the next."""
    found = list(mark.finditer(text))
    starts = [match.start() for match in found]
    for match, end in zip(found, [*starts[1:], len(text)], strict=False):
        yield match, text[match.end() : end]


@dataclass(frozen=True, slots=True)
class _Member:
    """An attribute or block as it stands in a class.

    Attributes:
        text: what follows its comment.
        item: the class of its items, if it has any.
    """

    name: str
    computed: bool
    optional: bool
    required: bool
    text: str
    item: str | None
    is_many: bool
    is_set: bool
