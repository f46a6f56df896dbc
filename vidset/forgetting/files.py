"""Forgets files: the source, images and their copies, thumbnails, vectors, tags, dead letters."""

import io
import json
import os
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress

import pyarrow as pa
import pyarrow.parquet as pq

from vidset.datasets.rows import rows_without
from vidset.elements import Upload
from vidset.errors import MissingUploadError
from vidset.forgetting.images import source_of
from vidset.forgetting.journal import Gone
from vidset.forgetting.step import Work, counted
from vidset.gate import COPIES, ORIGINALS, RECORDS, copies_elsewhere
from vidset.ledger.statements import statements_file
from vidset.parquet import read_parquet
from vidset.storage.open import Stores, open_store
from vidset.storage.store import ObjectStore, StoredObject
from vidset.storage.uris import is_uri
from vidset.storage.writing import refuse_link, remove_tree
from vidset.tags import FOLDER as TAGS
from vidset.tags import Mark, read_marks
from vidset.view.caches import users_cache

# Folders whose Parquet files have a row for an image, by these columns.
_OF_IMAGES = ("embeddings", "selections", "predictions", "duplicates", RECORDS)
_BY_HASH, _BY_ID = ("image_sha256", "other_sha256"), ("image_id", "other_id")
_PARQUET = "application/vnd.apache.parquet"
_SAMPLE_ENDING = ".jpg"


def forget_sources(work: Work) -> dict[str, int]:
    """Delete the videos themselves, unless another generation stands there now."""
    if work.journal.keep_source:
        return {}
    number, stores = 0, Stores()
    for gone in work.journal.videos:
        uri = source_of(gone.uri)
        if _is_there(stores, uri, gone.generation):
            number += 1
            if not work.is_dry:
                _delete(stores, uri)
    return counted(videos=number)


def forget_images(work: Work) -> dict[str, int]:
    """Delete the images, those that a killed extraction left beside them, and their copies."""
    # Where the ledger is in BigQuery, the place is a bucket, and names are those in it.
    below = f"/{ORIGINALS}" if work.records.project.given_ledger is None else ""
    roots = [(f"{work.place}{below}", "images"), (f"{work.place}/{COPIES}", "blurred copies")]
    if (elsewhere := copies_elsewhere(work.place)) is not None:
        # There a copy has the name that its original has in the place.
        roots.append((f"{elsewhere}{below}", "blurred copies"))
    found = Counter[str]()
    for root, kind in roots:
        store = open_store(root)
        there = set(_images_below(store, work.journal.image_names.values()))
        found[kind] += len(there)
        if not work.is_dry:
            for name in sorted(there):
                store.delete(name)
    return dict(+found)


def forget_thumbnails(work: Work) -> dict[str, int]:
    """Delete thumbnails and caches: they are made again when they are wanted."""
    number, caches, store = 0, 0, open_store(work.place)
    for each in _list(store, "thumbnails/"):
        if any(gone.key in each.name for gone in work.journal.videos):
            number += 1
            if not work.is_dry:
                store.delete(each.name)
    if not work.records.project.is_folder and work.records.project.given_ledger is None:
        for each in _list(store, ".cache/"):
            caches += 1
            if not work.is_dry:
                store.delete(each.name)
    for folder in _cache_folders(work):
        if os.path.lexists(folder):
            caches += 1
            if not work.is_dry:
                remove_tree(folder)
    return counted(thumbnails=number, caches=caches)


def forget_vectors(work: Work) -> dict[str, int]:
    """Leave the images out of the files that have a row for each: vectors, selections and so on."""
    number, ids = 0, frozenset(work.journal.image_names)
    folders = [(work.place, folder) for folder in _OF_IMAGES]
    if (elsewhere := copies_elsewhere(work.place)) is not None:
        folders.append((elsewhere, RECORDS))
    for place, folder in folders:
        store = open_store(place)
        for each in _list(store, f"{folder}/"):
            if each.name.endswith(".parquet"):
                number += _without_images(
                    store, each.name, work.journal.hashes, ids, is_dry=work.is_dry
                )
    return counted(rows_of_vectors_and_selections=number)


def forget_tags(work: Work) -> dict[str, int]:
    """Take the images out of the marks that people made; a mark of no other image goes."""
    number, store = 0, open_store(f"{work.place}/{TAGS}")
    for name, mark in read_marks(store):
        left = tuple(each for each in mark.image_ids if each not in work.journal.image_names)
        if left == mark.image_ids:
            continue
        number += len(mark.image_ids) - len(left)
        if work.is_dry:
            continue
        if left:
            kept = Mark(mark.tag, left, mark.is_set, mark.actor, mark.marked_at)
            text = json.dumps(kept.to_json(), ensure_ascii=False)
            store.put(name, text.encode(), "application/json")
        else:
            store.delete(name)
    return counted(tags=number)


def forget_dead_letters(work: Work) -> dict[str, int]:
    """Delete the dead letters of the videos."""
    number, store = 0, open_store(f"{work.place}/dead_letters")
    uris = {each.uri for each in work.journal.videos}
    for each in _list(store, ""):
        with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
            if json.loads(store.read(each.name))["uri"] in uris:
                number += 1
                if not work.is_dry:
                    store.delete(each.name)
    return counted(dead_letters=number)


def forget_ledger(work: Work) -> dict[str, int]:
    """Delete the videos' rows and what was stated of them; packs are made again.

    A ledger in BigQuery has lost them with the other tables' rows.
    """
    if work.records.project.given_ledger is not None:
        return {}
    number, store = 0, open_store(work.place)
    names = [_ledger_files(each) for each in work.journal.videos]
    for video in names:
        there = [name for name in video if _exists(store, name)]
        number += bool(there)
        if not work.is_dry:
            for name in there:
                store.delete(name)
    return counted(videos_in_the_ledger=number)


def _delete(stores: Stores, uri: str) -> None:
    if is_uri(uri):
        store, name = stores.find(uri)
        store.delete(name)
    else:  # The folders that a person made for it stay, empty or not.
        os.unlink(uri)


def _ledger_files(gone: Gone) -> tuple[str, ...]:
    """The video's own row goes first: without it the frames do not count."""
    rows = f"videos/{gone.key}.parquet", f"frames/{gone.key}.parquet"
    return *rows, statements_file(gone.key)


def _cache_folders(work: Work) -> list[str]:
    """Caches of this machine: what they hold is read or made again."""
    found = [str(users_cache(work.records.project))]
    if work.records.project.is_folder:
        found += [f"{work.place}/{name}" for name in ("cache/view", ".cache", "datasets/.cache")]
    return found


def _is_there(stores: Stores, uri: str, generation: str) -> bool:
    try:
        if not is_uri(uri):
            refuse_link(uri)
        store, name = stores.find(uri)
        found = store.identify(Upload(uri, name))
        if found.generation is None:
            with store.open(found, 0) as (found, _):
                pass
    except (MissingUploadError, FileNotFoundError):
        return False
    return found.generation == generation


def _images_below(store: ObjectStore, names: Collection[str]) -> Iterator[str]:
    """Yield the images with these names, and the others of the same videos and generations."""
    for prefix in sorted({name.rpartition("/")[0] + "/" for name in names if "/" in name}):
        for each in _list(store, prefix):
            if each.name.endswith(_SAMPLE_ENDING):
                yield each.name


def _without_images(
    store: ObjectStore, name: str, hashes: Collection[str], ids: Collection[str], *, is_dry: bool
) -> int:
    """Write a Parquet file again without the rows of images. Returns how many rows those are."""
    try:
        table = read_parquet(store.read(name))
    except (pa.ArrowInvalid, FileNotFoundError):
        return 0  # No file of rows, or gone meanwhile.
    left = table
    for columns, values in (_BY_HASH, hashes), (_BY_ID, ids):
        for column in columns:
            if column in left.column_names and pa.types.is_string(left[column].type):
                left = rows_without(left, column, values)
    number = table.num_rows - left.num_rows
    if number and not is_dry:
        if left.num_rows:
            sink = io.BytesIO()
            pq.write_table(left, sink, compression="zstd")
            store.put(name, sink.getvalue(), _PARQUET)
        else:
            store.delete(name)
    return number


def _list(store: ObjectStore, prefix: str) -> Iterator[StoredObject]:
    try:
        yield from list(store.list(prefix))
    except FileNotFoundError:
        return


def _exists(store: ObjectStore, name: str) -> bool:
    return any(each.name == name for each in _list(store, name))
