"""`vidset dataset checkout`: a version as folders that other tools read."""

import json
from dataclasses import asdict, dataclass

from vidset.cli.dataset.display import counting, say
from vidset.datasets.exchange.checkout import FOLDERS, check_out
from vidset.datasets.versions.repository import Repository


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for."""

    repository: str
    version: str
    folder: str
    format_name: str = FOLDERS
    link: bool = False
    lossy: bool = False
    overwrite: bool = False


def run_checkout(request: Request, *, as_json: bool = False, quiet: bool = False) -> int:
    """Write the folder and report. The exit code is 0.

    Raises:
        ValueError: bad usage, or the format cannot say something; nothing was written.
    """
    with counting("Writing images", show=not (as_json or quiet)) as progress:
        done = check_out(
            Repository(request.repository),
            request.version,
            request.folder,
            request.format_name,
            link=request.link,
            lossy=request.lossy,
            overwrite=request.overwrite,
            progress=progress,
        )
    if as_json:
        print(json.dumps(asdict(done)))
    elif not quiet:
        say(f"{request.folder}: {done.images:,} images")
        if done.dropped:
            each = ", ".join(f"{number} {what}" for what, number in done.dropped.items())
            say(f"left out: {each}")
    return 0
