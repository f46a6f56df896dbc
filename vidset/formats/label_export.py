"""Write the annotations of a store as label files of another tool, without the images."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from vidset.formats.format import ImageLabels, Written
from vidset.formats.origins import Chosen, origin_values, origins_of
from vidset.formats.owned_folder import owned_folder
from vidset.formats.registry import format_named
from vidset.labeling.annotation import Annotation
from vidset.labeling.stores.store import Query, Store
from vidset.place import Place
from vidset.rights import ANY_LICENSE, NONE, LicenseChoice, Rights


def export_labels(
    store: Store,
    place: Place,
    wanted: str,
    path: str,
    labels_order: list[str] | None = None,
    *,
    lossy: bool = False,
    usual: Rights = NONE,
    licenses: LicenseChoice = ANY_LICENSE,
) -> tuple[Written, int, Counter[str]]:
    """Write all annotations. Returns what was written, how many images were withdrawn, and
    how many are of other licences.

    Args:
        usual: rights of the place's images as far as nothing is stated of their video.
        licenses: those that images may have.

    Raises:
        ValueError: there is no such format, it cannot say something, or no image is of a licence.
    """
    named = format_named(wanted, to="write").writer()
    withdrawn = 0
    chosen = Chosen(licenses)

    origins = origins_of(place)

    def labels() -> Iterator[ImageLabels]:
        nonlocal withdrawn
        for stored in store.find(Query("annotations")):
            annotation = Annotation.from_document(stored.document)
            if annotation.state == "rejected":
                withdrawn += 1
                continue
            yield ImageLabels(
                image_name=place.name_of(annotation.image_id, annotation.image_uri),
                width=annotation.image_width,
                height=annotation.image_height,
                objects=annotation.objects,
                state=annotation.state,
                annotator=annotation.annotator,
                updated_at=annotation.updated_at,
                image_id=annotation.image_id,
                revision=annotation.revision,
                **origin_values(annotation.image_id, origins, usual),
            )

    if format_named(wanted).labels == "file":
        written = named.write(chosen.among(labels()), path, labels_order, lossy=lossy)
    else:
        with owned_folder(Path(path), wanted) as folder:
            written = named.write(chosen.among(labels()), folder, labels_order, lossy=lossy)
    return written, withdrawn, chosen.others
