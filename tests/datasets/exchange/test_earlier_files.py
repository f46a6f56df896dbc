"""An export that replaces an earlier one copies only what that has not."""

import os

import pyarrow.parquet as pq
import pytest

from tests.datasets.curation.test_create import SPLITS, make
from tests.datasets.pictures import image, write_files
from vidset.datasets.exchange.checkout import check_out
from vidset.datasets.exchange.earlier_files import EarlierFiles
from vidset.datasets.versions.verify import verify


def export_over(repository, version, folder, **options):
    check_out(repository, version, str(folder), "folders", overwrite=True, **options)


def images_in(folder):
    return {path.relative_to(folder): path for path in sorted(folder.rglob("*.*g"))}


def inodes(folder):
    return {name: path.stat().st_ino for name, path in images_in(folder).items()}


def wait_for_a_tick(file):
    """Until what is changed has another time than what was changed before."""
    file.write_bytes(b"")
    before = file.stat().st_ctime_ns
    while file.stat().st_ctime_ns == before:
        file.write_bytes(b"")


@pytest.fixture
def exported(repository, tmp_path):
    first = make(repository, write_files(tmp_path / "in", SPLITS)).id
    check_out(repository, first, str(tmp_path / "out"), "folders")
    return tmp_path / "out", first


def test_only_new_images_are_copied(repository, exported, tmp_path):
    exported, _ = exported
    before = inodes(exported)
    write_files(tmp_path / "in", {"train/cat/new.png": 9})
    second = make(repository, tmp_path / "in").id
    export_over(repository, second, exported)
    after = inodes(exported)
    assert {name: after[name] for name in before} == before
    [new] = after.keys() - before
    assert (exported / new).read_bytes() == image(9)
    assert all(path.stat().st_nlink == 1 for path in images_in(exported).values())
    export_over(repository, second, exported)
    assert inodes(exported) == after


@pytest.mark.parametrize("is_again", [False, True], ids=["copied", "linked"])
def test_a_file_that_was_changed_is_copied_anew(repository, exported, is_again):
    """Of the same size and time, replaced by another, deleted, or a link to elsewhere."""
    exported, first = exported
    if is_again:
        export_over(repository, first, exported)
        wait_for_a_tick(exported.parent / "clock")
    fresh = {name: path.read_bytes() for name, path in images_in(exported).items()}
    before = inodes(exported)
    written, replaced, deleted, linked, kept = images_in(exported).values()
    status = written.stat()
    written.write_bytes(bytes(status.st_size))
    os.utime(written, ns=(status.st_atime_ns, status.st_mtime_ns))
    other = exported / "other"
    other.write_bytes(b"another file")
    other.replace(replaced)
    deleted.unlink()
    linked.rename(exported.parent / "elsewhere")
    linked.symlink_to(exported.parent / "elsewhere")
    export_over(repository, first, exported)
    assert {name: path.read_bytes() for name, path in images_in(exported).items()} == fresh
    assert not any(path.is_symlink() for path in images_in(exported).values())
    same = [name for name, inode in inodes(exported).items() if inode == before[name]]
    assert same == [kept.relative_to(exported)]


def test_images_of_the_repository_are_copied_after_an_export_that_linked_them(repository, exported):
    exported, first = exported
    export_over(repository, first, exported, link=True)
    assert {path.stat().st_nlink for path in images_in(exported).values()} == {2}
    export_over(repository, first, exported)
    assert {path.stat().st_nlink for path in images_in(exported).values()} == {1}
    for path in images_in(exported).values():
        path.write_bytes(b"an edit of the export")
    assert verify(repository).damage == []


@pytest.mark.parametrize("told", [None, {}, {b"began_ns": b"x"}], ids=["cut", "less", "wrong"])
def test_a_damaged_memory_is_none(repository, exported, told):
    exported, first = exported
    [memory] = (repository.root / ".cache" / "exports").iterdir()
    if told is None:
        memory.write_bytes(memory.read_bytes()[:-20])
    else:
        table = pq.read_table(memory)
        writer = {b"vidset_version": table.schema.metadata[b"vidset_version"]}
        pq.write_table(table.replace_schema_metadata(writer | told), memory)
    before = inodes(exported)
    export_over(repository, first, exported)
    after = inodes(exported)
    assert after.keys() == before.keys()
    assert not EarlierFiles(repository.root, exported).link("0" * 64, str(exported / "x.png"))


def test_files_are_believed_however_often_they_were_linked(repository, exported, tmp_path):
    exported, first = exported
    before = inodes(exported)
    write_files(tmp_path / "in", {"train/cat/new.png": 9})
    second = make(repository, tmp_path / "in").id
    for version in second, first, first, second:
        export_over(repository, version, exported)
        after = inodes(exported)
        assert {name: after[name] for name in before} == before


def test_an_export_that_fails_leaves_the_earlier_one(repository, exported, tmp_path):
    exported, _ = exported
    before = inodes(exported)
    write_files(tmp_path / "in", {"train/cat/new.png": 9})
    made = make(repository, tmp_path / "in")
    [gone] = [each for each in made.images if each.image_uri.endswith("new.png")]
    repository.image_path(gone.image_sha256, gone.image_format).unlink()
    with pytest.raises(ValueError, match="not in the repository"):
        export_over(repository, made.id, exported)
    assert inodes(exported) == before
