"""Labeled images from the warehouse of `vidset sync`, by a SQL filter."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from vidset.datasets.curation.sources.blurred_copies import BlurredCopies, CopiesByUri
from vidset.datasets.curation.sources.folders import read_file
from vidset.datasets.curation.sources.image_class import class_and_objects
from vidset.datasets.curation.sources.image_uris import read_uri
from vidset.datasets.curation.sources.source import Fault, Found, Kind
from vidset.datasets.curation.sources.warehouse_queries import Queries, open_queries
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.objects import content_of, documents_in, labels_in
from vidset.documents.objects import object_document
from vidset.gate import read_gate
from vidset.naming import video_stem
from vidset.place import Place
from vidset.rights import FIELDS, Rights
from vidset.tags import ALL_IMAGES, TagChoice

# SQL that DuckDB and BigQuery both take.
_COLUMNS = (
    "image_id, image_uri, image_sha256, width, height, video_uri, collector_id, pts_seconds, "
    "task_state, annotation_state, " + ", ".join(FIELDS)
)
_LABELED = (
    "SELECT image_id, image_uri, image_sha256, objects FROM dataset_candidates "
    "WHERE annotation_state = 'labeled'"
)
_STATED = f"SELECT {', '.join(FIELDS)} FROM dataset_candidates"  # noqa: S608
_TAGS = "SELECT DISTINCT tag FROM tags WHERE is_set"


@dataclass(frozen=True, slots=True)
class Warehouse:
    """The labeled ones of the kept images that the filter takes.

    Labels follow the bytes: an image that was extracted once more has the labels of the one that
    was labeled, and of both only one is taken: that which was labeled, else the first by its uri.

    Attributes:
        out: what `vidset extract` wrote, as an absolute path, or the folder of a warehouse; or
            bq://project.dataset.
        where, group_by: SQL over the view dataset_candidates.
        read_bytes: that are paid for, at most.
    """

    out: str
    where: str
    group_by: str
    read_bytes: int = 0

    @classmethod
    def of(cls, out: str, where: str, group_by: str, tagged: TagChoice = ALL_IMAGES) -> "Warehouse":
        """Raises ValueError: there is no warehouse, no such tag, or it does not take the SQL."""
        place = out if "://" in out else str(Path(out).absolute())
        source = cls(place, where, group_by)
        with open_queries(place) as queries:
            if tagged != ALL_IMAGES:
                tagged.check(row["tag"] for row in queries.rows(_TAGS))
                source = replace(source, where=f"({where}\n) AND {tagged.to_sql()}")
            read_bytes = queries.check(_LABELED)
            try:
                queries.check(_STATED)
            except ValueError:
                raise ValueError(
                    f"{place}: its view dataset_candidates is an earlier vidset's; "
                    f"vidset sync --warehouse {place} makes it new"
                ) from None
            try:
                read_bytes += queries.check(source._query)
            except ValueError as error:
                raise ValueError(f"--where {where} or --group-by sql:{group_by}: {error}") from None
        return replace(source, read_bytes=read_bytes)

    def __iter__(self) -> Iterator[Found | Fault]:
        copies = self._copies()
        with open_queries(self.out) as queries:
            said = self._said(queries)
            taken: dict[str, str] = {}
            for row in queries.rows(self._query):
                sha256, name = row["image_sha256"], self._name(row)
                if not said[sha256]:
                    task = row["annotation_state"] or row["task_state"] or "not requested"
                    yield Fault(Kind.NOT_LABELED, name, task)
                elif len(said[sha256]) > 1:
                    each = "; ".join(
                        f"{', '.join(sorted(uris))}: {_labels(objects)}"
                        for objects, uris in sorted(said[sha256].items())
                    )
                    yield Fault(Kind.CONTRADICTION, name, each)
                elif sha256 in taken:
                    yield Fault(Kind.REPEATED, name, f"as {taken[sha256]}")
                else:
                    taken[sha256] = name
                    found = self._found(row, name, documents_in(next(iter(said[sha256]))))
                    yield copies.instead(row, found)

    def _copies(self) -> BlurredCopies | CopiesByUri:
        """Return the blurred copies of the place, or of whatever places its images lie in."""
        if not self.out.startswith("bq://"):
            above = self.out if "://" in self.out else str(Path(self.out).parent)
            for place in dict.fromkeys((self.out, above)):
                if gate := read_gate(place):
                    return BlurredCopies(place, gate)
        return CopiesByUri()

    @property
    def _query(self) -> str:
        """Labeled ones first, then by uri. Who is to answer reads and checks the user's SQL."""
        return (
            f"SELECT {_COLUMNS}, CAST(({self.group_by}\n) AS STRING) AS source_group "  # noqa: S608
            f"FROM dataset_candidates WHERE ({self.where}\n) "
            "ORDER BY annotation_state IS DISTINCT FROM 'labeled', image_uri"
        )

    def _said(self, queries: Queries) -> dict[str, dict[str, list[str]]]:
        """Return what annotations say of each image, by its bytes, and the names that say so."""
        said: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
        for row in queries.rows(_LABELED):
            objects = to_json(list(map(object_document, row["objects"] or ())))
            texts = said[row["image_sha256"]]
            same = next((text for text in texts if _say_the_same(text, objects)), objects)
            # Of texts that say the same with other ids, the first one stands, in whatever order.
            names = [*texts.pop(same, []), self._name(row)]
            texts[min(same, objects)] = names
        return said

    def _found(
        self, row: dict[str, Any], name: str, objects: list[dict[str, Any]]
    ) -> Found | Fault:
        try:
            label, drawn = class_and_objects(objects)
        except DatasetError as error:
            return Fault(Kind.MISFIT, name, str(error))
        video = _video_name(row["video_uri"], name)
        group = row["source_group"]
        uri = row["image_uri"]
        path = None if "://" in uri else self._path(row)
        return Found(
            image_uri=name,
            read=partial(read_file, path) if path else partial(read_uri, uri),
            path=None if path is None else str(path),
            source="warehouse",
            label=label,
            objects=drawn,
            image_sha256=row["image_sha256"],
            size=(row["width"], row["height"]),
            group=video if group == row["video_uri"] else group,
            collector_id=row["collector_id"],
            video_uri=video,
            pts_seconds=row["pts_seconds"],
            rights=Rights.of(row),
        )

    def _name(self, row: dict[str, Any]) -> str:
        """The uri in a bucket; of a file, its name below the images."""
        uri = row["image_uri"]
        return uri if "://" in uri else Place(self.out).name_of(row["image_id"], uri)

    def _path(self, row: dict[str, Any]) -> Path:
        """Returns where the file is now: OUT may have been moved since. BigQuery cannot know."""
        out = None if "://" in self.out else Path(self.out)
        for folder in (out, out.parent) if out else ():
            if (folder / "images").is_dir():
                return folder / "images" / self._name(row)
        return Path(row["image_uri"])


def _say_the_same(one: str, other: str) -> bool:
    return one == other or content_of(one) == content_of(other)


def _labels(objects: str) -> str:
    return ", ".join(sorted(labels_in(objects))) or "nothing in it"


def _video_name(video_uri: str, image: str) -> str:
    """The uri in a bucket; of a file, its name, which the names of its images begin with."""
    if "://" in video_uri:
        return video_uri
    stem, parts = video_stem(image), PurePosixPath(video_uri).parts
    for start in range(len(parts)):
        name = PurePosixPath(*parts[start:])
        if stem in (str(name), str(name.with_suffix(""))):
            return str(name)
    return image.rsplit("/", 2)[0]
