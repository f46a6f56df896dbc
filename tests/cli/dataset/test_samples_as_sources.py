"""Files that hold images and labels, as SOURCE of `vidset dataset create`."""

import io
import json
import tarfile

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.attacks.samples import example, field, record_of
from tests.cli.called import vidset
from tests.cli.dataset.called import dataset, faults
from tests.datasets.numerals import entry, write_version
from tests.datasets.pictures import image
from vidset.datasets.versions.repository import Repository

BOX = {"x": 4.0, "y": 5.25, "width": 20.0, "height": 10.5}
CAR = {"id": "1", "label": "car", "type": "box", "box": BOX, "points": None}
CAR |= {"attributes": {"occluded": "partly"}}
TRIANGLE = [{"x": 1.0, "y": 1.0}, {"x": 20.0, "y": 1.0}, {"x": 1.0, "y": 20.0}]
ROAD = {"id": "2", "label": "road", "type": "polygon", "box": None, "points": TRIANGLE}
ROAD |= {"attributes": {}}


def write_original(root, *, has_outlines=True):
    """A version of boxes, outlines, classes and an empty image, in three splits."""
    repository, random = Repository(root), np.random.default_rng(7)

    def picture():
        return random.integers(0, 256, (48, 64, 3), np.uint8)

    drawn = [CAR, ROAD] if has_outlines else [CAR]
    entries = [
        entry(repository, picture(), "day/0.png", "train", None, drawn),
        entry(repository, picture(), "day/1.png", "train", "rain", None),
        entry(repository, picture(), "day/1.png", "train", "rain", [CAR]),  # A recipe's copy.
        entry(repository, picture(), "gs://b/2.png", "validation", None, []),
        entry(repository, picture(), "night/3.png", "night drive", "dry", None),
    ]
    version = write_version(repository, entries)
    repository.name_version("v0", version)
    return repository


def rows(repository, name):
    return sorted(
        (each.image_sha256, each.split, each.label, each.objects)
        for each in repository.manifest(name)
    )


@pytest.mark.parametrize("name", ["tfrecord", "webdataset", "parquet"])
def test_an_exported_version_comes_back_with_its_images_labels_and_splits(tmp_path, name):
    place = tmp_path / "place"
    repository = write_original(place / "datasets", has_outlines=name != "tfrecord")
    assert vidset("export", "v0", "-f", name, "-o", tmp_path / "out", "-p", place).code == 0
    made = dataset("create", tmp_path / "out", "-n", "v1", "-p", place)
    assert made.code == 0, made.err
    assert rows(repository, "v1") == rows(repository, "v0")
    uris = {each.image_uri for each in repository.manifest("v1")}
    assert {"day/0.png", "day/1.png", "gs://b/2.png", "night/3.png"} < uris
    assert len(uris) == 5  # The copy is called by its own file.


def test_one_split_of_an_export_is_a_source_of_its_own(tmp_path):
    place = tmp_path / "place"
    repository = write_original(place / "datasets")
    assert vidset("export", "v0", "-f", "parquet", "-o", tmp_path / "out", "-p", place).code == 0
    made = dataset("create", f"test=parquet:{tmp_path}/out/train", "-n", "v1", "-p", place)
    assert made.code == 0, made.err
    assert {each.split for each in repository.manifest("v1")} == {"test"}


def write_tar(path, *members):
    with tarfile.open(path, "w") as tar:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def made_rows(tmp_path, *source):
    made = dataset("create", *source, "-n", "v0", "-p", tmp_path / "place")
    assert made.code == 0, made.err
    return {
        each.image_uri: (each.split, each.label)
        for each in Repository(tmp_path / "place/datasets").manifest("v0")
    }


def test_webdataset_of_others_says_classes_and_splits_by_its_files(tmp_path):
    for split, seed in ("train", 1), ("val", 5):
        pairs = [(f"{split}{n}", image(seed + n)) for n in range(2)]
        members = [
            part for key, data in pairs for part in ((f"{key}.png", data), (f"{key}.cls", b"cat"))
        ]
        (tmp_path / "in").mkdir(exist_ok=True)
        write_tar(tmp_path / f"in/{split}-000000.tar", *members)
    assert made_rows(tmp_path, tmp_path / "in") == {
        "train0.png": ("train", "cat"),
        "train1.png": ("train", "cat"),
        "val0.png": ("validation", "cat"),
        "val1.png": ("validation", "cat"),
    }


def test_parquet_of_hugging_face_says_the_names_of_its_numbers(tmp_path):
    features = {"info": {"features": {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}}}
    images = [{"bytes": image(n), "path": f"{n}.png"} for n in range(2)]
    table = pa.table({"image": images, "label": [1, 0]})
    table = table.replace_schema_metadata({"huggingface": json.dumps(features)})
    pq.write_table(table, tmp_path / "train-00000-of-00001.parquet")
    source = f"train={tmp_path}/train-00000-of-00001.parquet"
    assert made_rows(tmp_path, source) == {"0.png": ("train", "dog"), "1.png": ("train", "cat")}


def test_labels_of_tfrecord_are_named_by_the_label_map(tmp_path):
    record = example(
        image__encoded=field(1, field(1, image(1))),
        image__filename=field(1, field(1, b"a.png")),
        image__class__label=field(3, field(1, b"\x02")),
    )
    (tmp_path / "cars.tfrecord").write_bytes(record_of(record))
    told = dataset("create", f"train={tmp_path}/cars.tfrecord", "-p", tmp_path / "p", "--json")
    assert "wanted the name of label 2 in image/class/text or in a label map" in faults(told)[0]
    named = r'item { name: "Stra\303\237e" id: 2 }' + "\nitem {\n id: 1\n name: 'car'\n}"
    (tmp_path / "label_map.pbtxt").write_text(named)
    source = f"train={tmp_path}/cars.tfrecord"
    assert made_rows(tmp_path, source) == {"a.png": ("train", "Straße")}


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.tar", b"x" * 600, "wanted tar files of WebDataset"),
        ("a.tfrecord", b"x" * 600, "wanted the length of a record, got damaged bytes"),
        ("a.tfrecord.gz", b"x", "got a compressed file; unpack it"),
        ("a.parquet", b"x" * 600, "wanted Parquet files with images"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, name, data, why):
    (tmp_path / name).write_bytes(data)
    kind = {"a.tar": "webdataset", "a.parquet": "parquet"}.get(name, "tfrecord")
    told = dataset("create", f"{kind}:{tmp_path}/{name}", "-p", tmp_path / "p", "--json")
    assert told.code in (1, 2)
    assert why in told.found["error"]["message"]
    assert name in told.found["error"]["message"]


def test_images_of_a_place_that_was_exported_are_named_as_there(tmp_path):
    encoded = cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    said = {"image_id": "0" * 32, "image_uri": "/home/x/out/images/a/0.png", "objects": []}
    said |= {"image_name": "a/0/0000001000.png", "video_uri": "a.mp4", "pts_seconds": 1.0}
    write_tar(tmp_path / "a.tar", ("k.png", encoded), ("k.json", json.dumps(said).encode()))
    made = dataset("create", f"train={tmp_path}/a.tar", "-n", "v0", "-p", tmp_path / "p")
    assert made.code == 0, made.err
    (found,) = Repository(tmp_path / "p/datasets").manifest("v0")
    assert (found.image_uri, found.video_uri) == ("a/0/0000001000.png", "a.mp4")
    assert found.pts_seconds == 1.0
