"""The schemas of the google providers: from npm once, then from the user's cache.

HashiCorp's registry is asked for nothing. `package-lock.json` pins the two packages by hash.
"""

import base64
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.check.generated_classes import read_classes
from infra.check.plugin_protocol import schema_response
from infra.check.provider_schema import Block, ProviderSchema

_HERE = Path(__file__).parent
_PACKAGES = ("@cdktf/provider-google", "@cdktf/provider-google-beta")
# What a cached schema depends on: the packages, and the code that reads and writes it.
_INGREDIENTS = (
    "package-lock.json",
    "generated_classes.py",
    "plugin_protocol.py",
    "provider_schema.py",
    "providers.py",
)
_NPM_SECONDS = 600
_SOURCE_MAP = re.compile(r"sourceMappingURL=data:application/json;base64,(\S+)")


class ToolMissingError(RuntimeError):
    """A program that the check needs is not installed or did not do its work."""


@dataclass(frozen=True, slots=True)
class Provider:
    """The answer of a provider to GetSchema."""

    source: str
    version: str
    response: bytes


def load_providers(cache: Path | None = None) -> list[Provider]:
    """Google's two providers. The first time takes a minute and npm; 90 MB are fetched.

    Args:
        cache: the folder to keep them in; None for the user's.

    Raises:
        ToolMissingError: npm is missing, or could not fetch the packages.
    """
    folder = (cache or _user_cache()) / _digest()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        if not folder.exists():
            _fill(folder)
    return [_load(path) for path in sorted(folder.glob("*.json"))]


def read_package(package: Path) -> ProviderSchema:
    """The schema in an unpacked package.

    Raises:
        ValueError: the package is not of the form that is known.
    """
    about = json.loads((package / "package.json").read_text())["cdktf"]["provider"]
    resources: dict[str, Block] = {}
    data_sources: dict[str, Block] = {}
    provider = None
    for index in sorted((package / "lib").glob("*/index.js")):
        # Large resources keep their nested classes in files of their own.
        parts = [path for path in sorted(index.parent.rglob("*.js")) if path != index]
        name, block = read_classes("\n".join(_typescript([index, *parts])))
        if name == "provider":
            provider = block
        elif index.parent.name.startswith("data-google-"):
            data_sources[name.removeprefix("data.")] = block
        else:
            resources[name] = block
    if provider is None or not resources:
        raise ValueError(f"{package}: wanted a provider and its resources, got none")
    return ProviderSchema(about["name"], about["version"], provider, resources, data_sources)


def _typescript(paths: Iterable[Path]) -> Iterator[str]:
    """Returns the source of the JavaScript, which stands in the source map at a file's end."""
    for path in paths:
        if match := _SOURCE_MAP.search(path.read_text()):
            yield json.loads(base64.b64decode(match.group(1)))["sourcesContent"][0]


def _fill(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="vidset-infra-check-") as place:
        for name in "package.json", "package-lock.json":
            shutil.copy(_HERE / name, place)
        print("Fetching the providers' schemas from npm (once) ...", file=sys.stderr, flush=True)
        _npm_ci(place)
        unfinished = folder.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        for package in _PACKAGES:
            schema = read_package(Path(place, "node_modules", package))
            _save(unfinished / package.partition("/")[2], schema)
    unfinished.rename(folder)


def _npm_ci(folder: str) -> None:
    # The packages' peers, cdktf itself, are of no use here, and no script is to run.
    options = ["--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund"]
    try:
        subprocess.run(
            ["npm", "ci", *options],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
            timeout=_NPM_SECONDS,
        )
    except FileNotFoundError:
        raise ToolMissingError("npm is not installed; get it with: apt-get install npm") from None
    except subprocess.CalledProcessError as error:
        raise ToolMissingError(f"npm ci failed: {error.stderr.strip()[-600:]}") from None
    except subprocess.TimeoutExpired:
        raise ToolMissingError(f"npm ci took more than {_NPM_SECONDS} s") from None


def _save(path: Path, schema: ProviderSchema) -> None:
    path.with_suffix(".bin").write_bytes(schema_response(schema))
    about = {"source": schema.source, "version": schema.version}
    path.with_suffix(".json").write_text(json.dumps(about) + "\n")


def _load(about: Path) -> Provider:
    return Provider(
        **json.loads(about.read_text()), response=about.with_suffix(".bin").read_bytes()
    )


def _digest() -> str:
    sha = hashlib.sha256()
    for name in _INGREDIENTS:
        sha.update((_HERE / name).read_bytes())
    return sha.hexdigest()[:16]


def _user_cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home, "vidset", "infra-check")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Locks for one process at a time."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
