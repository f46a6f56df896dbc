"""`vidset label export`: the annotations as a file of another tool."""

import json
import os
from collections import Counter
from collections.abc import Iterator

from vidset.cli.console import say
from vidset.cli.label.names import format_name
from vidset.formats.format import ImageLabels, Written
from vidset.formats.registry import format_named
from vidset.labeling.annotation import Annotation
from vidset.labeling.places import open_store
from vidset.labeling.stores.store import Query, Store
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
    written, passed_over = export(store, place, wanted, path, order, lossy=lossy)
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


def export(
    store: Store,
    place: Place,
    wanted: str,
    path: str,
    labels_order: list[str] | None = None,
    *,
    lossy: bool = False,
) -> tuple[Written, int]:
    """What was written, and how many images have nothing to write: all was withdrawn.

    Raises:
        ValueError: there is no such format, or it cannot say something.
    """
    named = format_named(format_name(wanted))
    passed_over: Counter[str] = Counter()

    def labels() -> Iterator[ImageLabels]:
        for stored in store.find(Query("annotations")):
            annotation = Annotation.from_document(stored.document)
            if annotation.state == "rejected":
                passed_over["rejected"] += 1
                continue
            yield ImageLabels(
                image_name=place.name_of(annotation.image_id, annotation.image_uri),
                width=annotation.image_width,
                height=annotation.image_height,
                objects=annotation.objects,
                state=annotation.state,
                annotator=annotation.annotator,
                updated_at=annotation.updated_at,
            )

    written = named.write(labels(), path, labels_order, lossy=lossy)
    return written, passed_over["rejected"]
