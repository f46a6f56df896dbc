"""`vidset dataset verify`."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from vidset.cli.dataset.display import counting, say, warn
from vidset.datasets.versions.repository import Repository
from vidset.datasets.versions.verify import verify

_NAMED = 10


def run_verify(
    repository: str, references: Sequence[str], *, as_json: bool = False, quiet: bool = False
) -> int:
    """Read all again and report; the exit code: 1 when something is damaged.

    Raises:
        ValueError: there is no such version.
    """
    with counting("Reading images", show=not (as_json or quiet)) as progress:
        found = verify(Repository(repository), references, progress)
    warn(found.damage)
    if as_json:
        print(json.dumps(asdict(found)))
    elif not quiet:
        say(f"{found.versions} versions, {found.images:,} images, {len(found.damage)} damaged")
        if found.strays:
            say(f"{len(found.strays)} files of no version, such as:")
            for path in found.strays[:_NAMED]:
                say(f"  {path}")
    return 1 if found.damage else 0
