"""The locked requirements of what is deployed, written from uv.lock and checked against it.

    python docker/locks.py write        # make lock
    python docker/locks.py check        # make check: exit code 1 names what differs

Locks are compared by what they say: another version of uv may spell a marker in another way. Every
pip since 22.0 installs them in hash mode. Before 23.3, pip wants a package that is required with an
extra (`google-auth[pyopenssl]`) pinned with that extra as well, so such lines are added.
"""

import itertools
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_EXPORT = ["export", "--quiet", "--frozen", "--no-header", "--no-default-groups"]
_WITHOUT_COMMAND_LINE = ("--prune", "typer", "--prune", "rich")
# By file, the parts of vidset that run there.
LOCKS: Mapping[str, tuple[str, ...]] = {
    # The labeling functions. The command line's own parts stay out.
    "functions/labeling_task/requirements.txt": ("--extra", "function", *_WITHOUT_COMMAND_LINE),
    # The worker image of the jobs. Neither command line nor training.
    "docker/beam/requirements.txt": ("--extra", "gcp", *_WITHOUT_COMMAND_LINE),
    # The jobs on Cloud Run, without Beam.
    "docker/cloud_run/requirements.txt": ("--extra", "cloud-run"),
    # The watcher's image on premises.
    "deploy/onprem/requirements.txt": (
        *("--extra", "extract", "--extra", "s3", "--extra", "amqp", "--extra", "label"),
        *("--extra", "metrics"),
    ),
    # The steps of the Kubeflow pipeline: PyTorch with CUDA, kfp that starts them, and no Beam.
    "docker/training/requirements.txt": (
        *("--extra", "train", "--extra", "gcs", "--extra", "s3", "--extra", "pipelines"),
    ),
}
_LINE = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)(\[(?P<extras>[^\]]+)\])?==(?P<version>[^ ;\\\n]+)"
    r"( *; *(?P<marker>[^\\\n]+?))?(?P<hashes>( \\\n +--hash=\S+)*)\n",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Pin:
    """One line of a lock: what is installed where `marker` holds ("" is everywhere)."""

    name: str
    extras: tuple[str, ...]
    version: str
    marker: str
    hashes: frozenset[str]


def pins(text: str) -> list[Pin]:
    """Read the lines of a lock, in their order."""
    return [
        Pin(
            name=found["name"],
            extras=tuple(
                sorted(each.strip() for each in (found["extras"] or "").split(",") if each)
            ),
            version=found["version"],
            marker=found["marker"] or "",
            hashes=frozenset(re.findall(r"--hash=(\S+)", found["hashes"])),
        )
        for found in _LINE.finditer(text)
    ]


def with_extras(text: str, required: Mapping[str, set[tuple[str, ...]]]) -> str:
    """Add a line for each set of extras that a package is required with (see the module)."""

    def lines(found: re.Match[str]) -> str:
        added = (
            found[0].replace(found["name"], f"{found['name']}[{','.join(extras)}]", 1)
            for extras in sorted(required.get(found["name"], ()))
            if not found["extras"]
        )
        return "".join([*added, found[0]])

    return _LINE.sub(lines, text)


def required_extras(lock: str, names: set[str]) -> dict[str, set[tuple[str, ...]]]:
    """Returns by package the sets of extras that one of the packages `names` requires it with."""
    required: dict[str, set[tuple[str, ...]]] = {}
    for package in tomllib.loads(lock)["package"]:
        optional = package.get("optional-dependencies", {}).values()
        for wanted in itertools.chain(package.get("dependencies", []), *optional):
            if package["name"] in names and wanted["name"] in names and wanted.get("extra"):
                required.setdefault(wanted["name"], set()).add(tuple(sorted(wanted["extra"])))
    return required


def differences(had: str, wanted: str) -> list[str]:
    """Say where two locks do not install the same; nothing where they only differ in spelling."""
    ours, theirs = _by_package(had), _by_package(wanted)
    found = [f"{name} is missing" for name in theirs.keys() - ours.keys()]
    found += [f"{name} should not be there" for name in ours.keys() - theirs.keys()]
    for name in ours.keys() & theirs.keys():
        found += [
            f"{name} {what}: wanted {right}, got {left}"
            for what, left, right in (
                ("version", ours[name].version, theirs[name].version),
                ("marker", ours[name].marker or "none", theirs[name].marker or "none"),
            )
            if left != right and not (what == "marker" and _same_marker(left, right))
        ]
        if ours[name].hashes != theirs[name].hashes:
            found.append(f"{name} has other hashes")
    return sorted(found)


def _by_package(text: str) -> dict[str, Pin]:
    """Pins by what they install; of a package that has several versions, each by itself."""
    read = pins(text)
    names = [(pin.name, pin.extras) for pin in read]
    return {
        pin.name
        + (f"[{','.join(pin.extras)}]" if pin.extras else "")
        + (f" {pin.version}" if names.count((pin.name, pin.extras)) > 1 else ""): pin
        for pin in read
    }


def _same_marker(one: str, other: str) -> bool:
    """Returns whether two markers hold in the same places, of all that vidset runs in."""
    from packaging.markers import Marker

    def holds(marker: str, place: dict[str, str]) -> bool:
        return marker == "none" or Marker(marker).evaluate(place)

    return all(holds(one, place) == holds(other, place) for place in _places())


def _places() -> Iterator[dict[str, str]]:
    systems = (
        ("linux", "Linux", "posix"),
        ("darwin", "Darwin", "posix"),
        ("win32", "Windows", "nt"),
    )
    machines = ("x86_64", "aarch64", "arm64", "AMD64")
    for (platform, system, os_name), machine, minor, implementation in itertools.product(
        systems, machines, range(11, 16), ("CPython", "PyPy")
    ):
        yield {
            "sys_platform": platform,
            "platform_system": system,
            "os_name": os_name,
            "platform_machine": machine,
            "python_version": f"3.{minor}",
            "python_full_version": f"3.{minor}.1",
            "platform_python_implementation": implementation,
            "implementation_name": implementation.lower(),
            "extra": "",
        }


def exported(uv: str, path: str) -> str:
    """Return the lock of `path` as uv.lock has it."""
    command = [uv, *_EXPORT, "--no-emit-project", *LOCKS[path]]
    text = subprocess.run(command, check=True, capture_output=True, text=True, cwd=_ROOT).stdout
    names = {pin.name for pin in pins(text)}
    return with_extras(text, required_extras((_ROOT / "uv.lock").read_text(), names))


def main(argv: list[str]) -> int:
    if len(argv) not in (1, 2) or argv[0] not in ("check", "write"):
        print("locks: wanted check or write, and perhaps the path of uv", file=sys.stderr)
        return 2
    uv, failed = (argv[1:] or ["uv"])[0], False
    for path in LOCKS:
        wanted, file = exported(uv, path), _ROOT / path
        if argv[0] == "write":
            file.write_text(wanted)
            continue
        for difference in differences(file.read_text(), wanted):
            print(f"{path}: {difference}", file=sys.stderr)
            failed = True
    if failed:
        print("locks: they do not follow uv.lock; make lock writes them", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
