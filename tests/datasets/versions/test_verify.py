import pyarrow.parquet as pq
import pytest

from tests.datasets.curation.test_create import SPLITS, make
from tests.datasets.pictures import write_files
from vidset.datasets.errors import UnknownVersionError
from vidset.datasets.versions.verify import verify


@pytest.fixture
def made(repository, tmp_path):
    created = make(repository, write_files(tmp_path / "in", SPLITS))
    repository.name_version("v0", created.id)
    return created


def first_image(repository, made):
    entry = next(iter(made.images))
    return entry, repository.image_path(entry.image_sha256, entry.image_format)


def test_a_whole_repository_is_read_and_nothing_is_found(repository, made):
    found = verify(repository)
    assert (found.versions, found.images, found.damage, found.strays) == (1, 5, [], [])
    assert verify(repository, ["v0", made.id]).images == 5


def test_a_missing_image_is_named(repository, made):
    entry, path = first_image(repository, made)
    path.unlink()
    assert verify(repository).damage == [
        f"{path}: image {entry.image_uri} cannot be read: No such file or directory"
    ]


def test_a_changed_image_is_named(repository, made):
    entry, path = first_image(repository, made)
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)
    assert verify(repository, ["v0"]).damage == [f"{path}: image {entry.image_uri} was changed"]


def test_a_changed_manifest_is_named(repository, made):
    path = repository.root / "versions" / made.id / "manifest.parquet"
    pq.write_table(made.images.table.slice(1), path)
    (told,) = verify(repository).damage
    assert told.startswith(f"version {made.id}: its manifest was changed, its content has the id ")


@pytest.mark.parametrize(
    ("file", "what"),
    [
        pytest.param("manifest.parquet", "its manifest cannot be read", id="manifest"),
        pytest.param("measures.parquet", "its measures cannot be read", id="measures"),
        pytest.param("version.json", "version.json cannot be read", id="version"),
    ],
)
def test_a_damaged_file_of_a_version_is_named(repository, made, file, what):
    (repository.root / "versions" / made.id / file).write_bytes(b"damaged")
    assert [line.partition(": ")[::2][1][: len(what)] for line in verify(repository).damage] == [
        what
    ]


def test_missing_measures_are_counted(repository, made):
    path = repository.root / "versions" / made.id / "measures.parquet"
    pq.write_table(made.measures.slice(2), path)
    assert verify(repository).damage == [f"version {made.id}: 2 of its images have no measures"]


def test_a_name_of_no_version_is_named(repository, made):
    (repository.root / "names" / "old").write_text("f" * 32)
    assert verify(repository).damage == [f"name old: there is no version {'f' * 32}"]


def test_files_of_no_version_are_strays_and_no_damage(repository, made):
    stray = repository.root / "images" / "00" / f"{'0' * 64}.png"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"of a run that was refused")
    unfinished = repository.root / "versions" / ("e" * 32) / "manifest.parquet"
    unfinished.parent.mkdir()
    unfinished.write_bytes(b"of a run that was stopped")
    found = verify(repository)
    assert (found.versions, found.damage) == (1, [])
    assert sorted(found.strays) == sorted([str(stray), str(unfinished)])


def test_an_unknown_version_is_refused(repository, made):
    with pytest.raises(UnknownVersionError, match="no version 'v9'"):
        verify(repository, ["v9"])


@pytest.mark.parametrize("file", ["manifest.parquet", "measures.parquet"])
def test_a_missing_file_of_a_version_is_named(repository, made, file):
    (repository.root / "versions" / made.id / file).unlink()
    found = verify(repository)
    assert found.versions == 1
    (told,) = found.damage
    what = file.partition(".")[0]
    assert told.startswith(f"version {made.id}: its {what} cannot be read: ")


def test_measures_of_another_release_do_not_hide_other_damage(repository, made):
    _, path = first_image(repository, made)
    path.unlink()
    measures = repository.root / "versions" / made.id / "measures.parquet"
    pq.write_table(made.measures.drop_columns(["phash"]), measures)
    told, other = verify(repository).damage
    assert "another release measured its images" in told
    assert other.startswith(str(path))
