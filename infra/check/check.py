"""Check the Terraform code with the real Terraform and no cloud, no registry, no credentials.

    python infra/check/check.py fmt              layout
    python infra/check/check.py validate         names, types, required arguments, references
    python infra/check/check.py test             infra/tests/*.tftest.hcl, on mocked providers
    python infra/check/check.py rules            what Google's services refuse, and no schema knows
    python infra/check/check.py inventory        every resource, and who is granted what

The exit code is Terraform's; 2 where a tool is missing. Arguments after -- go to Terraform.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # It is run as a file, from anywhere.

from infra.check.inventory import InventoryError, print_inventory
from infra.check.providers import ToolMissingError
from infra.check.rules import broken_rules
from infra.check.terraform import terraform

_INFRA = Path(__file__).resolve().parents[1]
_ARGUMENTS = {"fmt": ["-check", "-diff", "-recursive"], "validate": [], "test": []}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="check.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=[*_ARGUMENTS, "rules", "inventory"])
    parser.add_argument("--dir", type=Path, default=_INFRA, help="The Terraform code.")
    parser.add_argument(
        "--json", action="store_true", help="Print the inventory as one JSON object."
    )
    own, extra = _split(sys.argv[1:] if argv is None else list(argv))
    values = parser.parse_args(own)
    if not any(values.dir.glob("*.tf")):
        parser.error(f"--dir: there is no Terraform code in {values.dir}")
    try:
        if values.command == "inventory":
            print_inventory(values.dir, as_json=values.json)
            return 0
        if values.command == "rules":
            broken = broken_rules(values.dir.resolve())
            print("\n".join(broken) or "Success! Every rule is kept.")
            return 1 if broken else 0
        arguments = [*_ARGUMENTS[values.command], *extra]
        return terraform(values.command, values.dir.resolve(), arguments).returncode
    except ToolMissingError as error:
        print(f"check.py: {error}", file=sys.stderr)
        return 2
    except InventoryError as error:
        print(f"check.py: {error}", file=sys.stderr)
        return 1


def _split(argv: list[str]) -> tuple[list[str], list[str]]:
    place = argv.index("--") if "--" in argv else len(argv)
    return argv[:place], argv[place + 1 :]


if __name__ == "__main__":
    sys.exit(main())
