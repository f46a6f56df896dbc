"""`dataset pull` from a repository that lies: nothing is taken that cannot be checked."""

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.called import vidset
from tests.datasets.rows import encoded, scene
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.manifest import SCHEMA, Manifest
from vidset.datasets.versions.repository import Repository
from vidset.parquet import read_parquet

pytestmark = pytest.mark.attack


@pytest.fixture
def shared(tmp_path):
    """A place to which somebody pushed a version of three images."""
    folder = tmp_path / "images" / "a"
    folder.mkdir(parents=True)
    for number in range(3):
        (folder / f"{number}.png").write_bytes(encoded(scene(number)))
    made = vidset(
        *("dataset", "create", folder.parent, "-p", tmp_path / "there"),
        *("--shares", "train=1", "--near-distance", "off", "--name", "v1"),
    )
    assert made.code == 0, made.err
    pushed = vidset("dataset", "push", "--to", tmp_path / "shared", "-p", tmp_path / "there")
    assert pushed.code == 0, pushed.err
    return tmp_path / "shared"


def version_in(shared):
    (folder,) = (shared / "versions").iterdir()
    return folder


def pull(shared):
    return vidset("dataset", "pull", "--from", shared, "-p", shared.parent / "here")


def repository(shared, where="here"):
    return Repository(shared.parent / where / "datasets")


def test_measures_are_made_here_whatever_the_place_says(shared):
    path = version_in(shared) / "measures.parquet"
    forged = read_parquet(path)
    column = pa.array([b"\0" * 576] * len(forged), forged.schema.field("thumbnail").type)
    place = forged.schema.get_field_index("thumbnail")
    pq.write_table(forged.set_column(place, forged.schema.field("thumbnail"), column), path)
    assert pull(shared).code == 0
    honest = repository(shared, "there").measures("v1")
    assert repository(shared).measures("v1").equals(honest)


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        pytest.param({"id": "0" * 32}, "id: wanted ", id="another id"),
        pytest.param({"parents": ["../../x"]}, "parents: wanted ids of other", id="a path"),
        pytest.param({"parents": "abc"}, "parents: wanted list, got str", id="text for a list"),
        pytest.param({"parents": [{}]}, "parents: wanted texts, got dict", id="objects as parents"),
        pytest.param({"created_at": 7}, "created_at: wanted str, got int", id="no time"),
        pytest.param({"created_at": "\x1b[2J"}, "created_at: wanted a time", id="an escape"),
        pytest.param({"message": ["x"]}, "message: wanted str, got list", id="a list as text"),
    ],
)
def test_details_of_another_shape_are_refused(shared, said, fault):
    path = version_in(shared) / "version.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | said))
    pulled = pull(shared)
    assert pulled.code != 0
    assert fault in pulled.err
    assert not (shared.parent / "here" / "datasets" / "versions").exists()


@pytest.mark.parametrize("text", ["[]", "7", "{", "[" * 100_000])
def test_details_that_are_no_object_are_refused(shared, text):
    (version_in(shared) / "version.json").write_text(text)
    pulled = pull(shared)
    assert pulled.code != 0
    assert "version.json: wanted an object" in pulled.err


@pytest.mark.parametrize("name", ["image_sha256", "origin", "parent"])
def test_a_path_in_place_of_a_hash_is_refused(shared, name):
    folder = version_in(shared)
    table = read_parquet(folder / "manifest.parquet")
    path = "/../../../etc/hostname".rjust(64, "/")
    column = pa.array([path, *table[name].to_pylist()[1:]], pa.string())
    place = SCHEMA.get_field_index(name)
    forged = Manifest(table.set_column(place, SCHEMA.field(name), column))
    renamed = folder.with_name(forged.id)
    shutil.move(folder, renamed)
    (renamed / "manifest.parquet").write_bytes(forged.to_parquet())
    details = json.loads((renamed / "version.json").read_text()) | {"id": forged.id}
    (renamed / "version.json").write_text(json.dumps(details))
    (shared / "names" / "v1").write_text(forged.id)
    pulled = pull(shared)
    assert pulled.code != 0
    assert f"{name}: wanted 64 hex digits, got '" in pulled.err
    assert not (shared.parent / "here" / "datasets" / "versions").exists()


def test_no_image_has_a_path_for_its_hash(tmp_path):
    with pytest.raises(DatasetError, match="wanted a SHA-256 in 64 hex digits, got '/etc"):
        Repository(tmp_path).image_path("/etc/passwd".ljust(64, "/"), "png")


def test_an_id_in_the_details_cannot_stand_for_another_version(tmp_path):
    kept = Repository(tmp_path)
    id_ = kept.write_version(Manifest.of([]), pa.table({}), {"id": "f" * 32})
    assert json.loads((tmp_path / "versions" / id_ / "version.json").read_text())["id"] == id_


@pytest.mark.parametrize("kind", ["equal texts", "rows"])
def test_a_manifest_that_unpacks_to_gigabytes_is_refused_by_its_counts(shared, kind):
    long, rows = ("x" * 1_000_000, 4_700) if kind == "equal texts" else ("", 20_000_000)
    one = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([long]))
    path = version_in(shared) / "manifest.parquet"
    pq.write_table(
        pa.table({"image_uri": one, "label": one, "group": one}), path, store_schema=False
    )
    assert path.stat().st_size < 10_000_000
    pulled = pull(shared)
    assert pulled.code != 0
    assert "wanted a file " in pulled.err
    assert "at most " in pulled.err
