import hashlib
import os
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest

from tests.datasets.versions.test_manifest import entry
from vidset.datasets.errors import DatasetError, NameTakenError, UnknownVersionError
from vidset.datasets.images.measures import SCHEMA
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository, write_atomically

MEASURES = SCHEMA.empty_table()


def put(repository, *names, created_at="2026-01-01"):
    manifest = Manifest.of([entry(name) for name in names])
    return repository.write_version(manifest, MEASURES, {"created_at": created_at})


def test_an_image_is_stored_once_by_its_bytes(repository):
    digest = repository.put_image(b"bytes", "jpeg")
    path = repository.image_path(digest, "jpeg")
    before = path.stat()
    assert digest == hashlib.sha256(b"bytes").hexdigest() == repository.put_image(b"bytes", "jpeg")
    assert path.relative_to(repository.root).as_posix() == f"images/{digest[:2]}/{digest}.jpg"
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_versions_are_found_by_id_beginning_and_name(repository):
    id_ = put(repository, "a")
    repository.name_version("v0", id_)
    assert {repository.resolve(each) for each in (id_, id_[:6], "v0")} == {id_}
    assert repository.names() == {"v0": id_}
    assert repository.details("v0")["id"] == id_


def test_versions_are_listed_oldest_first(repository):
    newer = put(repository, "a", created_at="2026-02-01")
    older = put(repository, "b", created_at="2026-01-01")
    assert repository.versions() == [older, newer]


def test_a_version_stays_as_it_was_first_written(repository):
    id_ = put(repository, "a", created_at="2026-01-01")
    assert put(repository, "a", created_at="2026-09-09") == id_
    assert repository.details(id_)["created_at"] == "2026-01-01"


@pytest.mark.parametrize("reference", ["v9", "abcdef", "abc", "../v0", ""])
def test_an_unknown_version_is_named_with_those_there_are(repository, reference):
    id_ = put(repository, "a")
    with pytest.raises(UnknownVersionError, match=id_) as refused:
        repository.resolve(reference)
    assert repr(reference) in str(refused.value)


@pytest.mark.parametrize("name", ["../out", "a/b", "", ".hidden", "0123abcdef", "a b", "x" * 101])
def test_a_name_is_no_path_and_not_like_an_id(repository, name):
    id_ = put(repository, "a")
    with pytest.raises(DatasetError, match="wanted a name"):
        repository.name_version(name, id_)
    assert repository.names() == {}


def test_a_name_can_be_moved(repository):
    first, second = put(repository, "a"), put(repository, "b")
    repository.name_version("current", first)
    with pytest.raises(NameTakenError) as refused:
        repository.name_version("current", second)
    assert f"vidset dataset name current {second[:12]} --move" in refused.value.hint
    assert repository.resolve("current") == first
    repository.name_version("current", second, move=True)
    assert repository.resolve("current") == second


def test_a_changed_manifest_is_refused(repository):
    id_ = put(repository, "a")
    other = Manifest.of([entry("a", label="dog")])
    (repository.root / "versions" / id_ / "manifest.parquet").write_bytes(other.to_parquet())
    with pytest.raises(DatasetError, match=f"its content has the id {other.id}"):
        repository.manifest(id_)


def test_measures_of_another_release_are_refused(repository):
    id_ = put(repository, "a")
    path = repository.root / "versions" / id_ / "measures.parquet"
    pq.write_table(MEASURES.drop_columns(["phash"]), path)
    with pytest.raises(DatasetError, match="another release measured its images"):
        repository.measures(id_)


def test_a_missing_image_is_named(repository):
    with pytest.raises(DatasetError, match=r"a\.png: its image is not in the repository"):
        repository.read_image(entry("a"))


def test_a_file_is_no_repository(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="wanted a folder for dataset versions, got a file"):
        Repository(tmp_path / "file")


def test_a_killed_write_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "file"
    write_atomically(path, b"before")
    code = (
        "import sys; from pathlib import Path\n"
        "from vidset.datasets.versions.repository import write_atomically\n"
        "while True: write_atomically(Path(sys.argv[1]), b'after' * 1_000_000)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, path], env=os.environ | {"PYTHONPATH": os.getcwd()}
    )
    while not any(tmp_path.glob(".file.*")) and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert path.read_bytes() in (b"before", b"after" * 1_000_000)


@pytest.mark.parametrize(
    ("file", "read", "what"),
    [
        pytest.param("manifest.parquet", Repository.manifest, "its manifest", id="manifest"),
        pytest.param("manifest.parquet", Repository.number_of_images, "its manifest", id="number"),
        pytest.param("measures.parquet", Repository.measures, "its measures", id="measures"),
        pytest.param("version.json", Repository.details, "version.json", id="details"),
    ],
)
def test_a_damaged_file_is_named_with_its_version(repository, file, read, what):
    id_ = put(repository, "a")
    path = repository.root / "versions" / id_ / file
    path.write_bytes(b"[]")
    with pytest.raises(DatasetError, match=f"version {id_}: {what} cannot be read: "):
        read(repository, id_)
