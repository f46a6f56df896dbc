"""`vidset export OUT --format F --to PATH`, as a command: what it shows."""

import json
from collections import Counter
from dataclasses import asdict

from vidset.cli.console import counting, say
from vidset.formats.export import export_files
from vidset.place import Place


def run_export_files(
    place: Place,
    format_name: str,
    destination: str,
    *,
    link: bool,
    lossy: bool,
    overwrite: bool,
    shard_mb: int,
    as_json: bool,
    quiet: bool,
) -> int:
    """Export and report.

    Raises:
        ValueError: as `export_files` says; nothing has been written.
    """
    with counting("Exporting", show=not (as_json or quiet)) as update:
        done = export_files(
            format_name,
            place,
            destination,
            link=link,
            lossy=lossy,
            overwrite=overwrite,
            shard_mb=shard_mb,
            progress=lambda number: update(Counter(images=number)),
        )
    if as_json:
        print(json.dumps(asdict(done)))
    elif not quiet:
        say(f"{destination}: {done.images} images, {done.objects} objects")
        if done.dropped:
            each = (f"{number} {what}" for what, number in done.dropped.items())
            say(f"left out: {', '.join(each)}")
        for state, number in done.passed_over.items():
            if number:
                say(f"{number} images whose annotations are {state} are not in it")
    return 0
