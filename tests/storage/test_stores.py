"""The three stores keep one contract: each test runs on a folder, fake-gcs-server and an S3."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest

from vidset.elements import Upload
from vidset.errors import MissingUploadError
from vidset.ledger.open import open_ledger
from vidset.naming import image_name
from vidset.storage.folder import FolderStore
from vidset.storage.open import open_store

STORES = ["folder", pytest.param("gs", marks=pytest.mark.emulator)]
STORES.append(pytest.param("s3", marks=pytest.mark.emulator))


@pytest.fixture(params=STORES)
def place(request, tmp_path) -> str:
    """The uri of an empty store."""
    if request.param == "folder":
        return str(tmp_path / "store")
    bucket = {"gs": "gcs", "s3": "s3"}[request.param]
    request.getfixturevalue(bucket).make_bucket("things")
    return f"{request.param}://things/some/prefix"


def upload_of(place: str, name: str) -> Upload:
    return Upload(uri=f"{place}/{name}", name=name)


def read(store, upload: Upload, scratch_bytes: int = 1 << 30) -> tuple[Upload, bytes]:
    with store.open(upload, scratch_bytes) as (found, source):
        if isinstance(source, str):
            return found, Path(source).read_bytes()
        return found, source.read()


def test_put_once_keeps_the_first(place):
    store = open_store(place)
    assert store.put_once("a/b.jpg", b"first", "image/jpeg") is True
    assert store.put_once("a/b.jpg", b"second", "image/jpeg") is False
    assert store.read("a/b.jpg") == b"first"


def test_put_replaces(place):
    store = open_store(place)
    store.put("a.parquet", b"first", "application/x")
    store.put("a.parquet", b"second", "application/x")
    assert store.read("a.parquet") == b"second"


def test_delete_takes_an_object_away_and_needs_none(place):
    store = open_store(place)
    store.put("a/b.jpg", b"data", "image/jpeg")
    store.put("c.jpg", b"data", "image/jpeg")
    for name in ("a/b.jpg", "a/b.jpg", "never/there.jpg"):
        store.delete(name)
    assert [each.name for each in store.list()] == ["c.jpg"]


def test_reading_what_is_not_there_is_file_not_found(place):
    with pytest.raises(FileNotFoundError):
        open_store(place).read("nothing")


def test_list_gives_names_below_the_place_in_order(place):
    store = open_store(place)
    for name in ("b.mp4", "a/c.mp4", "a/b.mp4"):
        store.put(name, b"12345", "video/mp4")
    listed = list(store.list())
    assert [each.name for each in listed] == ["a/b.mp4", "a/c.mp4", "b.mp4"]
    assert {each.size_bytes for each in listed} == {5}
    assert [each.name for each in store.list("a/")] == ["a/b.mp4", "a/c.mp4"]


@pytest.mark.parametrize("scratch_bytes", [1 << 30, 100], ids=["temporary file", "ranges"])
def test_open_gives_the_bytes_and_the_generation(place, scratch_bytes):
    store = open_store(place)
    data = os.urandom(30_000)
    store.put("video.mp4", data, "video/mp4")
    upload, got = read(store, upload_of(place, "video.mp4"), scratch_bytes)
    assert got == data
    assert upload.size_bytes == 30_000
    if place.startswith("gs://"):
        assert upload.generation is not None
        assert upload.generation.isdigit()
    else:
        assert upload.generation == hashlib.sha256(data).hexdigest()[:16]


def test_ranges_can_be_sought(place):
    store = open_store(place)
    data = os.urandom(30_000)
    store.put("video.mp4", data, "video/mp4")
    with store.open(upload_of(place, "video.mp4"), 0) as (_, source):
        if isinstance(source, str):  # A folder's: opened by its path.
            assert source == f"{place}/video.mp4"
            return
        assert source.seek(-100, os.SEEK_END) == 29_900
        assert source.read(200) == data[-100:]
        assert source.seek(5) == 5
        assert source.read(10) == data[5:15]
        assert source.read(0) == b""


def test_nothing_is_left_of_a_temporary_file(place, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    store = open_store(place)
    store.put("video.mp4", b"x" * 1000, "video/mp4")

    def fail() -> None:
        assert not os.listdir(tmp_path / "scratch")
        raise RuntimeError

    with pytest.raises(RuntimeError), store.open(upload_of(place, "video.mp4"), 1 << 30):
        fail()
    assert not os.listdir(tmp_path / "scratch")


def test_a_missing_upload_is_named(place):
    store = open_store(place)
    upload = upload_of(place, "missing.mp4")
    with pytest.raises(MissingUploadError, match=r"missing\.mp4"):
        store.identify(upload)
    with pytest.raises(MissingUploadError, match=r"missing\.mp4"):
        read(store, upload)


@pytest.mark.emulator
def test_an_overwritten_generation_is_missing(gcs):
    gcs.make_bucket("uploads")
    store = open_store("gs://uploads")
    store.put("a.mp4", b"first", "video/mp4")
    first, _ = read(store, Upload("gs://uploads/a.mp4", "a.mp4"))
    time.sleep(0.01)  # Generations are times.
    store.put("a.mp4", b"second", "video/mp4")
    second, data = read(store, Upload("gs://uploads/a.mp4", "a.mp4"))
    assert (data, second.generation != first.generation) == (b"second", True)
    with pytest.raises(MissingUploadError, match="is gone: overwritten or deleted"):
        read(store, first)


@pytest.mark.emulator
def test_an_s3_object_with_a_checksum_is_identified_without_reading_it(s3):
    s3.make_bucket("uploads")
    s3.client().put_object(Bucket="uploads", Key="a.mp4", Body=b"data", ChecksumAlgorithm="SHA256")
    upload = open_store("s3://uploads").identify(Upload("s3://uploads/a.mp4", "a.mp4"))
    assert upload.generation == hashlib.sha256(b"data").hexdigest()[:16]


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path):
    path = tmp_path / "growing.mp4"
    path.write_bytes(b"half")
    store = open_store("/")
    opened = store.open(Upload(str(path), "growing.mp4"), 0)
    with pytest.raises(MissingUploadError, match="changed while it was read"), opened:
        path.write_bytes(b"half and the rest")


@pytest.mark.parametrize("name", ["../a", "/a", "a/../../b", "a//b", ".", ""])
def test_a_folder_is_never_left(tmp_path, name):
    with pytest.raises(ValueError, match="not a name below a folder"):
        FolderStore(str(tmp_path / "store")).put(name, b"x", "text/plain")
    assert not (tmp_path / "store").exists() or not list((tmp_path / "store").iterdir())


@pytest.mark.parametrize(
    "video",
    [
        "../../x.mp4",
        "a b.mp4",
        "日本語.mp4",
        "100%.mp4",
        "a#b?.mp4",
        "'\".mp4",
        "x" * 996 + ".mp4",
        "a\n.mp4",
    ],
    ids=["parents", "space", "unicode", "percent", "url", "quotes", "1000 bytes", "newline"],
)
def test_images_of_any_name_are_stored_and_listed(place, video):
    store = open_store(place)
    name = image_name(video, "1700000000000000", 1.5)
    assert store.put_once(name, b"jpeg", "image/jpeg") is True
    assert [each.name for each in store.list()] == [name]
    assert store.read(name) == b"jpeg"


def test_a_killed_writer_leaves_nothing_but_what_sweep_removes(tmp_path):
    """Killed between writing and naming: the file has no name of its own yet."""
    program = (
        "import os, signal, sys; from vidset.storage.folder import FolderStore\n"
        "os.link = os.replace = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)\n"
        "getattr(FolderStore(sys.argv[1]), sys.argv[2])('a/b.jpg', b'data', 'image/jpeg')\n"
    )
    for method in ("put", "put_once"):
        ended = subprocess.run([sys.executable, "-c", program, tmp_path, method], check=False)
        assert ended.returncode == -signal.SIGKILL
    assert not list((tmp_path / "a").iterdir())
    assert len(list((tmp_path / ".partial").iterdir())) == 2
    FolderStore(str(tmp_path)).sweep()
    assert not (tmp_path / ".partial").exists()


def test_sweep_leaves_what_a_living_process_writes(tmp_path):
    (tmp_path / ".partial").mkdir()
    living = tmp_path / ".partial" / "1-x"
    with living.open("w") as file:
        flock(file, LOCK_EX)
        FolderStore(str(tmp_path)).sweep()
        assert living.exists()


@pytest.mark.parametrize("uri", ["http://x/y", "gs://", "ftp://a"])
def test_an_unknown_uri_is_a_wrong_configuration(uri):
    with pytest.raises(ValueError, match="wanted a folder, gs://"):
        open_store(uri)


@pytest.mark.parametrize("uri", ["bq://x", "bq://p.d.t", "bq://p."])
def test_an_unknown_dataset_is_a_wrong_configuration(uri):
    with pytest.raises(ValueError, match=r"bq://PROJECT\.DATASET"):
        open_ledger(uri)


def test_identify_keeps_what_is_known(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"data")
    upload = Upload(str(path), "a.mp4", collector_id="cam1")
    expected = replace(upload, generation=hashlib.sha256(b"data").hexdigest()[:16], size_bytes=4)
    assert open_store("/").identify(upload) == expected
