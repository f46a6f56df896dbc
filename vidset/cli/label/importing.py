"""`vidset label import`: other tools' files as annotations or as predictions.

Everything is read and checked before anything is stored.
"""

import json

from vidset.cli.console import counting, say
from vidset.labeling.broker import open_broker
from vidset.local_labeling.importing import Import, read_labels
from vidset.local_labeling.storing import store_annotations, store_predictions
from vidset.place import Place


def run_import(place: Place, wanted: Import, *, as_json: bool, quiet: bool) -> int:
    """Raises ValueError: bad usage, or a file, an image or a label is not as it should be;
    nothing has been stored.
    """
    broker = open_broker(place.settings("inspect"))
    with counting("Importing", show=not (quiet or as_json)) as show:
        read, unknown = read_labels(broker, place, wanted)
        store = store_annotations if wanted.kind == "annotations" else store_predictions
        counts = store(broker, read, show)
    found = {what: counts[what] for what in ("stored", "repeated")} | {"unknown": unknown}
    if as_json:
        print(json.dumps({"images": len({image.id for image, _ in read}), **found}))
    elif not quiet:
        each = ", ".join(f"{number} {what}" for what, number in found.items() if number)
        say(f"{wanted.kind} of {wanted.path}: {each or 'none'}")
    return 0
