"""Write the annotations of a store as label files of another tool, without the images."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from vidset.formats.format import ImageLabels, Written
from vidset.formats.origins import origins_of, with_origin
from vidset.formats.owned_folder import owned_folder
from vidset.formats.registry import format_named
from vidset.labeling.annotation import Annotation
from vidset.labeling.stores.store import Query, Store
from vidset.place import Place


def export_labels(
    store: Store,
    place: Place,
    wanted: str,
    path: str,
    labels_order: list[str] | None = None,
    *,
    lossy: bool = False,
) -> tuple[Written, int]:
    """Write all annotations. Returns what was written, and how many images were withdrawn.

    Raises:
        ValueError: there is no such format, or it cannot say something.
    """
    named = format_named(wanted, to="write").writer()
    passed_over: Counter[str] = Counter()

    origins = origins_of(place)

    def labels() -> Iterator[ImageLabels]:
        for stored in store.find(Query("annotations")):
            annotation = Annotation.from_document(stored.document)
            if annotation.state == "rejected":
                passed_over["rejected"] += 1
                continue
            said = ImageLabels(
                image_name=place.name_of(annotation.image_id, annotation.image_uri),
                width=annotation.image_width,
                height=annotation.image_height,
                objects=annotation.objects,
                state=annotation.state,
                annotator=annotation.annotator,
                updated_at=annotation.updated_at,
                image_id=annotation.image_id,
                revision=annotation.revision,
            )
            yield with_origin(said, origins)

    if format_named(wanted).labels == "file":
        written = named.write(labels(), path, labels_order, lossy=lossy)
    else:
        with owned_folder(Path(path), wanted) as folder:
            written = named.write(labels(), folder, labels_order, lossy=lossy)
    return written, passed_over["rejected"]
