"""Write the labeled images of a place as a dataset of another tool."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from vidset.formats.format import ImageLabels, Written
from vidset.formats.image_files import ImageFiles, Indexed
from vidset.formats.licence_files import LicenceFiles
from vidset.formats.names import flat_name
from vidset.formats.new_folder import new_folder
from vidset.formats.origins import Chosen, origins_of, with_origin
from vidset.formats.registry import Format, format_named, names_of_writable
from vidset.formats.samples import Sample, SampleWriter
from vidset.formats.spool import spooled
from vidset.labeling.annotation import Annotation
from vidset.labeling.stores.opening import open_store
from vidset.labeling.stores.store import Query, Store
from vidset.labeling.template import read_template
from vidset.place import Place
from vidset.rights import ANY_LICENSE, NONE, LicenseChoice, Rights

_INDEX = "images.jsonl"


@dataclass(frozen=True, slots=True)
class ExportedFiles:
    """The outcome of an export.

    Attributes:
        dropped: what the format cannot say, by kind; only with `lossy`.
        passed_over: images without labels, by the state of their annotation: skipped, rejected.
        other_licences: images that stay out for their licences, by these.
    """

    images: int
    objects: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    passed_over: Mapping[str, int] = field(default_factory=dict)
    other_licences: Mapping[str, int] = field(default_factory=dict)


def export_files(
    format_name: str,
    place: Place,
    destination: str,
    *,
    link: bool = False,
    lossy: bool = False,
    overwrite: bool = False,
    shard_mb: int = 256,
    usual: Rights = NONE,
    licenses: LicenseChoice = ANY_LICENSE,
    progress: Callable[[int], None] = lambda _: None,
) -> ExportedFiles:
    """Write all labeled images, those without objects too, with their labels, into a new folder.

    The same labels give the same bytes. The folder appears when it is whole; `images.jsonl` in it
    leads from images to their ids. Labels are numbered in the template's order, if the options or
    the environment name a template, else in their alphabetical one.

    Args:
        format_name: of a format in vidset.formats.registry.
        place: of Place.of(OUT, store, template=...).
        destination: a folder of this machine.
        link: hard links instead of copies, where images are files on the same file system.
        lossy: leave out what the format cannot say, and count it.
        overwrite: replace an earlier export at `destination`, and nothing else.
        shard_mb: how large a file becomes where images stand in files together.
        usual: rights of the place's images as far as nothing is stated of their video.
        licenses: those that images may have.
        progress: told the number of images that are done, after each.

    Raises:
        ValueError: bad usage, an image is missing, no image is of a licence, or the format cannot
            say something; with the object's name. At `destination` all is as it was then.
    """
    named = format_named(format_name, to="write")
    images = named.images
    if not named.writes:
        raise ValueError(f"{format_name} can only be read; wanted {', '.join(names_of_writable())}")
    if link and not (images and place.folder):
        raise ValueError("--link: wanted images of a folder, and a format that leaves them files")
    opened, order = open_labels(place)
    with (
        closing(opened) as store,
        new_folder(destination, _INDEX, overwrite=overwrite) as folder,
        LicenceFiles(folder) as stated,
    ):
        files, index, chosen = ImageFiles(place), folder / _INDEX, Chosen(licenses)
        labels = _indexing(chosen.among(_labels(store, place, usual)), place, named, index, stated)
        if images:
            written = named.writer().write(labels, folder / images.labels, order, lossy=lossy)
            copied = files.copy_all(_indexed(index), folder, link=link)
            for done, _ in enumerate(copied, 1):
                progress(done)
        else:
            written = _write_samples(
                named.sample_writer(),
                labels,
                files,
                folder,
                order,
                shard_mb << 20,
                progress,
                lossy=lossy,
            )
        if not written.images:
            raise ValueError(f"{place.out}: wanted images with labels, got none")
        stated.finish(licenses, chosen.others)
        passed_over = {
            state: store.count(Query("annotations", {"state": state}))
            for state in ("skipped", "rejected")
        }
    return ExportedFiles(
        written.images, written.objects, written.dropped, passed_over, chosen.others
    )


def open_labels(place: Place) -> tuple[Store, list[str] | None]:
    """Open the store of a place, with the order of the labels if a template is named.

    Raises:
        ValueError: nothing was labeled yet, or the settings do not do.
    """
    settings = place.settings("inspect")
    kind, _, path = settings.store.partition(":")
    if kind == "sqlite" and not os.path.exists(path):  # Opening it would make it.
        raise ValueError(f"nothing was labeled yet: there is no {path}")
    order = None
    if "LABELING_TEMPLATE" in place.options or os.environ.get("LABELING_TEMPLATE"):
        order = [label.name for label in read_template(settings.template).labels]
    return open_store(settings.store), order


def _write_samples(
    named: SampleWriter,
    labels: Iterable[ImageLabels],
    files: ImageFiles,
    folder: Path,
    order: Sequence[str] | None,
    most_bytes: int,
    progress: Callable[[int], None],
    *,
    lossy: bool,
) -> Written:
    index = folder / _INDEX
    with spooled(
        labels, named.sayable, format_name=named.NAME, lossy=lossy, file_of=named.image_file
    ) as spool:
        numbers_of = spool.label_numbers(order)

        def samples() -> Iterator[Sample]:
            images = files.read_all(_indexed(index))
            each = zip(spool, _indexed(index), images, strict=True)
            for done, (said, entry, data) in enumerate(each, 1):
                yield Sample(said, **asdict(entry), data=data)
                progress(done)

        named.write(samples(), folder, numbers_of, most_bytes)
        return spool.written()


def _labels(store: Store, place: Place, usual: Rights) -> Iterator[ImageLabels]:
    """Yields what is labeled, in the order of the ids, under the images' uris."""
    origins = origins_of(place)
    for stored in store.find(Query("annotations", {"state": "labeled"})):
        annotation = Annotation.from_document(stored.document)
        said = ImageLabels(
            image_name=annotation.image_uri,
            width=annotation.image_width,
            height=annotation.image_height,
            objects=annotation.objects,
            annotator=annotation.annotator,
            updated_at=annotation.updated_at,
            image_id=annotation.image_id,
            revision=annotation.revision,
        )
        yield with_origin(said, origins, usual)


def _indexing(
    labels: Iterable[ImageLabels], place: Place, named: Format, index: Path, stated: LicenceFiles
) -> Iterator[ImageLabels]:
    """Yields labels under the names that the format gives, and writes these into an index."""
    with index.open("w", encoding="utf-8") as file:
        for said in labels:
            image_id, image_uri = said.image_id or "", said.image_name
            name = place.name_of(image_id, image_uri)
            if named.images:
                name = flat_name(name) if named.images.flat else name
                image = f"{named.images.images}{name}"
            else:
                image = named.sample_writer().image_file(name)
            entry = Indexed(
                image=image, image_id=image_id, image_uri=image_uri, revision=said.revision or 0
            )
            file.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")
            stated.add(image, said.rights)
            yield replace(said, image_name=name)


def _indexed(index: Path) -> Iterator[Indexed]:
    with index.open(encoding="utf-8") as lines:
        for line in lines:
            yield Indexed(**json.loads(line))
