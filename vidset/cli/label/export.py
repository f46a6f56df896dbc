"""`vidset label export`: the annotations as a file of another tool."""

import json
import os

from vidset.cli.console import say
from vidset.formats.label_export import export_labels
from vidset.labeling.places import open_store
from vidset.labeling.template import read_template
from vidset.place import Place


def run_export(
    place: Place, wanted: str, path: str, *, lossy: bool, as_json: bool, quiet: bool
) -> int:
    """Raises ValueError: bad usage, or the format cannot say something; nothing is written."""
    settings = place.settings("inspect")
    order = None
    if "LABELING_TEMPLATE" in place.options or os.environ.get("LABELING_TEMPLATE"):
        order = [label.name for label in read_template(settings.template).labels]
    store = open_store(settings.store)
    written, passed_over = export_labels(store, place, wanted, path, order, lossy=lossy)
    dropped = dict(written.dropped)
    if as_json:
        counts = {"images": written.images, "objects": written.objects}
        print(json.dumps(counts | {"dropped": dropped, "rejected": passed_over}))
    elif not quiet:
        say(f"{path}: {written.images} images, {written.objects} objects")
        if dropped:
            say(f"left out: {', '.join(f'{n} {what}' for what, n in dropped.items())}")
        if passed_over:
            say(f"{passed_over} images whose annotations were withdrawn are not in it")
    return 0
