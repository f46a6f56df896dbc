"""What another package would write to add `toy://`: a folder behind another name."""

import os
from contextlib import contextmanager
from dataclasses import replace

from vidset.storage.folder import FolderStore
from vidset.storage.registry import Client, Scheme
from vidset.upload.folder import FolderDestination
from vidset.upload.settings import Place


def _folder(bucket, prefix=""):
    folder = os.path.join(os.environ["TOY_ROOT"], bucket, prefix)
    os.makedirs(folder, exist_ok=True)
    return folder


class ToyStore:
    parallel_writes = 1

    def __init__(self, uri):
        self._place = f"{uri.bucket}/{uri.prefix}"
        self._root, self._files = f"{uri.root}/", FolderStore(_folder(uri.bucket, uri.prefix))
        self._bucket = FolderStore(_folder(uri.bucket))
        for name in "list", "read", "read_range", "put", "put_once", "delete":
            setattr(self, name, getattr(self._files, name))

    def uri(self, name):
        return f"toy://{self.place(name)}"

    def place(self, name):
        return self._place + name

    def signed_url(self, name, lifetime):
        return f"https://toy.test/{self.place(name)}?for={lifetime.total_seconds():.0f}"

    def identify(self, upload):
        return replace(self._bucket.identify(self._as_file(upload)), uri=upload.uri)

    @contextmanager
    def open(self, upload, scratch_bytes):
        with self._bucket.open(self._as_file(upload), scratch_bytes) as (found, source):
            yield replace(found, uri=upload.uri), source

    def _as_file(self, upload):
        return replace(upload, uri=self._bucket.uri(upload.uri.removeprefix(self._root)))


def open_destination(place):
    return FolderDestination(Place("file", _folder(place.root, place.prefix)))


TOY = Scheme(
    ToyStore,
    clients=(Client("toy_storage", "toy-storage"),),
    destination="toy_storage:open_destination",
)
