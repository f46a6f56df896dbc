"""Checks locked packages against known advisories, without a network.

    python docker/advisories.py check             # make check: exit code 1 names what is affected
    python docker/advisories.py renew DATABASE    # make advisories DATABASE=folder

`advisories.json` has what PyPI's advisory database says of the packages that are locked here
(https://github.com/pypa/advisory-database, CC BY 4.0; the fields are those of https://ossf.github.io/osv-schema).
`renew` reads it from a checkout of that database. What was published later is not known: its date
stands in the file. Who accepts an advisory writes its id and the reason under `accepted`.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from packaging.utils import canonicalize_name
from packaging.version import Version

_ROOT = Path(__file__).resolve().parents[1]
_KNOWN = Path(__file__).with_suffix(".json")
_SOURCE = "https://github.com/pypa/advisory-database"


@dataclass(frozen=True, slots=True)
class Advisory:
    """One advisory for a package.

    Attributes:
        ranges: each the first affected version, and the first that is free of it again; with None
            all that follow are affected. ("0", None) is every version.
        versions: single versions, where there are no ranges.
    """

    id: str
    aliases: tuple[str, ...]
    ranges: tuple[tuple[str, str | None], ...]
    versions: tuple[str, ...] = ()

    def affects(self, version: str) -> bool:
        got = Version(version)
        within = any(
            Version(first) <= got and (fixed is None or got < Version(fixed))
            for first, fixed in self.ranges
        )
        return within or got in map(Version, self.versions)


def locked(root: Path = _ROOT) -> dict[str, set[str]]:
    """Return the locked versions of each package, by its canonical name."""
    found: dict[str, set[str]] = {}
    for package in tomllib.loads((root / "uv.lock").read_text())["package"]:
        if "registry" in package.get("source", {}):
            found.setdefault(canonicalize_name(package["name"]), set()).add(package["version"])
    return found


def affected(
    packages: Mapping[str, set[str]], known: Mapping[str, Sequence[Advisory]]
) -> Iterator[tuple[str, str, Advisory]]:
    """Yield each package's name and version with an advisory that holds for it."""
    for name, versions in sorted(packages.items()):
        for version in sorted(versions):
            for advisory in known.get(name, ()):
                if advisory.affects(version):
                    yield name, version, advisory


def of_record(record: Mapping[str, Any], name: str) -> Advisory | None:
    """Return what a record of the database says of a package; None where it was withdrawn."""
    if record.get("withdrawn"):
        return None
    ranges: list[tuple[str, str | None]] = []
    versions: list[str] = []
    for part in record.get("affected", ()):
        if canonicalize_name(part["package"]["name"]) != name:
            continue
        of_part = [
            pair
            for each in part.get("ranges", ())
            if each["type"] == "ECOSYSTEM"
            for pair in _pairs(each["events"])
        ]
        ranges += of_part
        versions += [] if of_part else map(str, part.get("versions", ()))
    return Advisory(record["id"], tuple(record.get("aliases", ())), tuple(ranges), tuple(versions))


def _pairs(events: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str | None]]:
    first: str | None = None
    for event in events:
        if "introduced" in event:
            first = str(event["introduced"])
        elif "fixed" in event and first is not None:
            yield first, str(event["fixed"])
            first = None
    if first is not None:
        yield first, None


def read_known(path: Path = _KNOWN) -> tuple[dict[str, list[Advisory]], dict[str, str]]:
    """Return the advisories by package, and why which are accepted."""
    given = json.loads(path.read_text())
    known = {
        name: [
            Advisory(
                each["id"],
                tuple(each["aliases"]),
                tuple((first, fixed) for first, fixed in each["ranges"]),
                tuple(each["versions"]),
            )
            for each in of_package
        ]
        for name, of_package in given["packages"].items()
    }
    return known, given["accepted"]


def check() -> int:
    known, accepted = read_known()
    packages = locked()
    found = list(affected(packages, known))
    wrong = [each for each in found if each[2].id not in accepted]
    for name, version, advisory in wrong:
        told = ", ".join((advisory.id, *advisory.aliases))
        fixed = [last for _, last in advisory.ranges if last is not None]
        wanted = f"wanted {name} {' or '.join(fixed)}" if fixed else "no version is free of it"
        print(f"{name} {version} is locked and has an advisory ({told}): {wanted}", file=sys.stderr)
    unused = accepted.keys() - {advisory.id for _, _, advisory in found}
    for each in sorted(unused):
        print(f"{_KNOWN.name} accepts {each}, which holds for nothing any more", file=sys.stderr)
    return 1 if wrong or unused else 0


def renew(database: Path) -> int:
    """Write what a checkout of the database says of the locked packages."""
    vulnerabilities = database / "vulns"
    if not vulnerabilities.is_dir():
        print(f"{database}: wanted a checkout of {_SOURCE}, got no folder vulns", file=sys.stderr)
        return 2
    dated = ["git", "-C", str(database), "log", "-1", "--format=%cs"]
    as_of = subprocess.run(dated, capture_output=True, text=True, check=True).stdout.strip()
    packages: dict[str, list[dict[str, Any]]] = {}
    for name in sorted(locked()):
        for path in sorted((vulnerabilities / name).glob("*.yaml")):
            record = yaml.load(path.read_text(), yaml.CSafeLoader)
            if advisory := of_record(record, name):
                told = {
                    "id": advisory.id,
                    "aliases": advisory.aliases,
                    "ranges": advisory.ranges,
                    "versions": advisory.versions,
                }
                packages.setdefault(name, []).append(told)
    _, accepted = read_known() if _KNOWN.exists() else ({}, dict[str, str]())
    written = {
        "source": f"{_SOURCE}, CC BY 4.0",
        "as_of": as_of,
        "accepted": accepted,
        "packages": packages,
    }
    _KNOWN.write_text(_to_text(written))
    print(f"{sum(map(len, packages.values()))} advisories of {len(packages)} locked packages")
    return check()


def _to_text(written: Mapping[str, Any]) -> str:
    """Return JSON with a line for each advisory, so that a difference shows which ones are new."""
    lines = ",\n".join(
        f"  {json.dumps(name)}: [\n   " + ",\n   ".join(map(json.dumps, of_package)) + "\n  ]"
        for name, of_package in written["packages"].items()
    )
    head = json.dumps({**written, "packages": None}, indent=1).removesuffix("null\n}")
    return f"{head}{{\n{lines}\n }}\n}}\n"


def main() -> int:
    match sys.argv[1:]:
        case ["check"]:
            return check()
        case ["renew", database]:
            return renew(Path(database))
        case _:
            print(__doc__, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main())
