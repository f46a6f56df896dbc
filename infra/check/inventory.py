"""Lists what an apply would make: every resource, and who is granted what.

The code is applied to mocked providers (`inventory.tftest.hcl`), and the state that comes out is
read. What the cloud would choose is then a random word of eight characters; wherever one turns up
in a grant, the attribute that it came from is written instead.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infra.check.terraform import terraform

TEST_FILE = Path("check", "inventory.tftest.hcl")
_GRANT = re.compile(r"google_(\w+)_iam_(member|binding|policy)")
_RANDOM = re.compile(r"\b[a-z0-9]{8}\b")
# What others name a thing by.
_SOURCES = ("id", "name", "member", "email", "email_address", "number")
# Of a grant, what does not say on what it is.
_NO_TARGET = frozenset(
    {"condition", "etag", "id", "location", "member", "members", "region", "role", "policy_data"}
)


class InventoryError(RuntimeError):
    """The code could not be applied to mocked providers; the message is Terraform's."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that someone has on something.

    Attributes:
        address: of the resource that grants it.
        on: the kind of thing, and which.
        condition: an expression, or "".
    """

    member: str
    role: str
    on: str
    condition: str
    address: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """The inventory of an apply: addresses by type, and grants by member."""

    resources: Mapping[str, Sequence[str]]
    grants: Sequence[Grant]


def take_inventory(folder: Path) -> Inventory:
    """Apply the Terraform code in `folder` to mocked providers and list what comes out.

    Raises:
        InventoryError: it cannot be applied.
    """
    return read_state(applied_state(folder))


def applied_state(folder: Path) -> dict[str, Any]:
    """Apply `folder` to mocked providers and return the state, as Terraform prints it in JSON.

    Raises:
        InventoryError: it cannot be applied.
    """
    if not (folder / TEST_FILE).is_file():
        raise InventoryError(f"there is no {folder / TEST_FILE}, which has the variables' values")
    arguments = ["-json", "-verbose", f"-test-directory={TEST_FILE.parent}"]
    ended = terraform("test", folder, [*arguments, f"-filter={TEST_FILE}"], capture=True)
    messages = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
    states = [message["test_state"] for message in messages if message["type"] == "test_state"]
    if ended.returncode or len(states) != 1:
        raise InventoryError(_failure(messages) or ended.stderr.strip())
    return states[0]


def read_state(state: Mapping[str, Any]) -> Inventory:
    """List the resources and grants in a state as Terraform prints it in JSON."""
    everything = list(resources(state))
    managed = [each for each in everything if each["mode"] == "managed"]
    types = sorted({each["type"] for each in managed})
    words = _random_words(everything)
    grants = [grant for each in managed for grant in _grants(each, words)]
    return Inventory(
        {type_: sorted(e["address"] for e in managed if e["type"] == type_) for type_ in types},
        sorted(grants, key=lambda grant: (grant.member, grant.on, grant.role, grant.address)),
    )


def print_inventory(folder: Path, *, as_json: bool) -> None:
    inventory = take_inventory(folder)
    if as_json:
        grants = [asdict(grant) for grant in inventory.grants]
        print(json.dumps({"resources": dict(inventory.resources), "grants": grants}))
        return
    total = sum(map(len, inventory.resources.values()))
    print(f"{total} resources of {len(inventory.resources)} types\n")
    for type_, addresses in inventory.resources.items():
        print(f"{type_}: {len(addresses)}")
        for address in addresses:
            print(f"    {address}")
    print(f"\n{len(inventory.grants)} grants\n")
    rows = [("who", "role", "on what", "only if")]
    rows += [(g.member, g.role, g.on, " ".join(g.condition.split())) for g in inventory.grants]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


def resources(state: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every resource and data source of a state, those of its modules too."""
    yield from _resources(state.get("root_module", {}))


def _resources(module: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources(child)


def _random_words(resources: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Returns by random word the attribute that it comes from, not one that repeats it."""
    found: dict[str, list[tuple[int, str]]] = {}
    for each in resources:
        if _GRANT.match(each["type"]):
            continue
        for name, value in each["values"].items():
            if isinstance(value, str) and _RANDOM.fullmatch(value):
                rank = _SOURCES.index(name) if name in _SOURCES else len(_SOURCES)
                found.setdefault(value, []).append((rank, f"{each['address']}.{name}"))
    return {value: min(attributes)[1] for value, attributes in found.items()}


def _grants(resource: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[Grant]:
    kind = _GRANT.fullmatch(resource["type"])
    if kind is None:
        return
    values = resource["values"]
    target = {name: value for name, value in values.items() if name not in _NO_TARGET and value}
    if len(target) > 1:
        target.pop("project", None)

    def plain(text: str) -> str:
        return _RANDOM.sub(lambda match: words.get(match[0], match[0]), text)

    condition = (values.get("condition") or [{}])[0].get("expression", "")
    for member in values.get("members") or [values.get("member", "")]:
        yield Grant(
            plain(member),
            plain(values.get("role", "")),
            f"{kind[1]} {plain(' '.join(map(str, target.values())))}",
            plain(condition),
            resource["address"],
        )


def _failure(messages: Sequence[Mapping[str, Any]]) -> str:
    found = [message["diagnostic"] for message in messages if message["type"] == "diagnostic"]
    return "\n".join(f"{each['summary']}: {each.get('detail', '')}".strip(": ") for each in found)
