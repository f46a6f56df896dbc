import json
import shutil

import cv2
import numpy as np
import pytest

from tests.datasets.pictures import image, write_files, write_labels
from vidset.datasets.curation.create import Wanted, create
from vidset.datasets.curation.sources.folders import FolderSource
from vidset.datasets.errors import DatasetError, FaultsError
from vidset.datasets.versions.repository import Repository

SPLITS = {
    "train/cat/a.png": 1,
    "train/cat/b.png": 2,
    "train/dog/c.jpg": 3,
    "val/cat/d.png": 4,
    "val/dog/e.png": 5,
}


def make(repository, folder, **wanted):
    return create(repository, FolderSource(folder), Wanted(**wanted))


def rows(created, *columns):
    """Of the version, sorted."""
    table = created.images.table
    return sorted(zip(*(table[name].to_pylist() for name in columns), strict=True))


def test_a_version_has_what_the_folders_have(repository, tmp_path):
    made = make(repository, write_files(tmp_path / "in", SPLITS))
    assert rows(made, "image_uri", "label", "split", "source", "width", "height") == [
        ("train/cat/a.png", "cat", "train", "folder", 32, 24),
        ("train/cat/b.png", "cat", "train", "folder", 32, 24),
        ("train/dog/c.jpg", "dog", "train", "folder", 32, 24),
        ("val/cat/d.png", "cat", "validation", "folder", 32, 24),
        ("val/dog/e.png", "dog", "validation", "folder", 32, 24),
    ]
    entry = next(iter(repository.manifest(made.id).split("validation")))
    assert repository.read_image(entry) == image(int("de".index(entry.image_uri[-5]) + 4))
    assert repository.measures(made.id)["image_sha256"].to_pylist() == sorted(
        made.images.table["image_sha256"].to_pylist()
    )


def test_the_same_data_are_the_same_version_anywhere(repository, tmp_path):
    first = make(repository, write_files(tmp_path / "in", SPLITS))
    elsewhere = tmp_path / "other" / "place"
    write_files(elsewhere, dict(reversed(SPLITS.items())))
    again = make(repository, elsewhere)
    new = make(Repository(tmp_path / "datasets 2"), elsewhere)
    assert (again.id, again.is_new) == (first.id, False)
    assert (new.id, new.is_new) == (first.id, True)


def test_another_label_is_another_version(repository, tmp_path):
    folder = write_files(tmp_path / "in", SPLITS)
    first = make(repository, folder)
    (folder / "train/cat/a.png").rename(folder / "train/dog/a.png")
    assert make(repository, folder).id != first.id


def test_images_without_a_split_are_split_alike_by_label(repository, tmp_path):
    folder = write_labels(tmp_path / "in", {"cat": 40, "dog": 20})
    made = make(repository, folder, shares={"train": 0.5, "validation": 0.25, "test": 0.25})
    counts = [(label, split) for label, split in rows(made, "label", "split")]
    assert {pair: counts.count(pair) for pair in counts} == {
        ("cat", "train"): 20,
        ("cat", "validation"): 10,
        ("cat", "test"): 10,
        ("dog", "train"): 10,
        ("dog", "validation"): 5,
        ("dog", "test"): 5,
    }


def test_another_seed_splits_otherwise(repository, tmp_path):
    folder = write_labels(tmp_path / "in", {"cat": 20})
    ids = [make(repository, folder, seed=seed).id for seed in (0, 0, 1)]
    assert ids[0] == ids[1] != ids[2]


FAULTY = {
    "train/cat/a.png": 1,
    "train/cat/cut.png": image(2)[:-9],
    "train/cat/cut.jpg": image(3, ".jpg")[:-9],
    "train/cat/empty.png": b"",
    "train/cat/text.png": b"no image",
    "train/cat/b.gif": b"GIF89a",
    "train/none.png": 4,
    "train/cat/same.png": 5,
    "train/dog/same.png": 5,
    "train/cat/.DS_Store": b"junk",
    "val/cat/z.png": 6,
}
NAMED = (
    ("train/cat/b.gif", "unreadable image"),
    ("train/cat/cut.jpg", "unreadable image"),
    ("train/cat/cut.png", "unreadable image"),
    ("train/cat/empty.png", "unreadable image"),
    ("train/cat/same.png", "same image, unequal labels: cat here, and train/dog/same.png (dog)"),
    ("train/cat/text.png", "unreadable image"),
    ("train/dog/same.png", "same image, unequal labels: dog here, and train/cat/same.png (cat)"),
    ("train/none.png", "image without label"),
)


def test_every_fault_is_named_and_nothing_is_made(repository, tmp_path):
    with pytest.raises(FaultsError) as refused:
        make(repository, write_files(tmp_path / "in", FAULTY))
    told = sorted(refused.value.faults)
    assert len(told) == len(NAMED)
    assert all(
        line.startswith(f"{name}: {what}") for line, (name, what) in zip(told, NAMED, strict=True)
    )
    assert "2 x same image, unequal labels, 5 x unreadable image" in refused.value.summary
    assert repository.versions() == []


def cut_off(ending, *flags):
    picture = cv2.resize(cv2.imdecode(np.frombuffer(image(1), np.uint8), 1), (320, 240))
    data = cv2.imencode(ending, picture, flags)[1].tobytes()
    return data[: len(data) * 9 // 10]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param("a.png", cut_off(".png"), id="PNG"),
        pytest.param("a.jpg", cut_off(".jpg"), id="JPEG"),
        pytest.param("a.jpg", cut_off(".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1), id="progressive"),
        pytest.param("a.webp", cut_off(".webp"), id="WebP"),
        pytest.param("a.bmp", cut_off(".bmp"), id="BMP"),
    ],
)
def test_an_image_that_was_cut_off_is_a_fault(repository, tmp_path, name, data):
    folder = write_files(tmp_path / "in", SPLITS | {f"train/cat/{name}": data})
    with pytest.raises(FaultsError) as refused:
        make(repository, folder)
    (told,) = refused.value.faults
    assert told.startswith(f"train/cat/{name}: unreadable image: wanted an image, got {len(data)}")


def test_faults_are_left_out_when_told(repository, tmp_path):
    made = make(repository, write_files(tmp_path / "in", FAULTY), skip_faults=True)
    assert rows(made, "image_uri") == [("train/cat/a.png",), ("val/cat/z.png",)]
    assert len(made.faults) == len(NAMED) + 1
    said = repository.details(made.id)
    assert said["left_out"] == {
        "image without label": 1,
        "no image": 1,
        "same image, unequal labels": 2,
        "unreadable image": 5,
    }
    assert len(said["faults"]) == len(NAMED)


def test_junk_stops_nothing(repository, tmp_path):
    made = make(repository, write_files(tmp_path / "in", SPLITS | {"train/cat/Thumbs.db": b"x"}))
    assert [str(fault) for fault in made.faults] == ["train/cat/Thumbs.db: no image"]
    assert len(made.images) == 5


def test_labels_that_may_not_be_are_named(repository, tmp_path):
    folder = write_files(tmp_path / "in", SPLITS)
    with pytest.raises(FaultsError) as refused:
        make(repository, folder, labels=frozenset({"cat"}))
    assert refused.value.faults == (
        "train/dog/c.jpg: label not among --labels: dog",
        "val/dog/e.png: label not among --labels: dog",
    )
    made = make(repository, folder, labels=frozenset({"cat"}), skip_faults=True)
    assert made.images.classes == ["cat"]


def test_the_cap_is_of_training_and_validation(repository, tmp_path):
    folder = write_files(tmp_path / "in", SPLITS | {"label_book/cat/f.png": 6})
    assert len(make(repository, folder, cap=5).images) == 6
    with pytest.raises(FaultsError) as refused:
        make(repository, folder, cap=4)
    assert "wanted at most 4 images for training and validation, got 5" in refused.value.summary
    assert refused.value.faults == (
        "label_book: 1 images",
        "train: 3 images",
        "validation: 2 images",
    )


LEAKING = SPLITS | {"val/cat/twin.png": 1}


def test_a_leak_is_refused_and_named(repository, tmp_path):
    with pytest.raises(FaultsError) as refused:
        make(repository, write_files(tmp_path / "in", LEAKING))
    assert refused.value.faults == (
        "train/cat/a.png (train) and val/cat/twin.png (validation): exact",
    )
    assert repository.versions() == []


def test_a_leak_is_dropped_from_training_alone(repository, tmp_path):
    made = make(repository, write_files(tmp_path / "in", LEAKING), leaks="drop")
    assert [uri for (uri,) in rows(made, "image_uri")] == [
        "train/cat/b.png",
        "train/dog/c.jpg",
        "val/cat/d.png",
        "val/cat/twin.png",
        "val/dog/e.png",
    ]
    told = ["train/cat/a.png (train): exact twin of val/cat/twin.png (validation)"]
    assert made.dropped == told
    assert repository.details(made.id)["dropped"] == told


def test_a_leak_is_kept_and_recorded(repository, tmp_path):
    made = make(repository, write_files(tmp_path / "in", LEAKING), leaks="keep")
    assert len(made.images) == 6
    assert repository.details(made.id)["leaks"] == [
        "train/cat/a.png (train) and val/cat/twin.png (validation): exact"
    ]


def test_what_the_schema_does_not_expect_is_told_or_fatal(repository, tmp_path):
    folder = write_files(tmp_path / "in", SPLITS)
    make(repository, folder)
    assert json.loads((repository.root / "schema.json").read_text())["labels"] == ["cat", "dog"]
    write_files(folder, {"train/bird/f.png": 7, "val/bird/g.png": 8})
    assert any("new label" in line for line in make(repository, folder).anomalies)
    write_files(folder, {"train/fish/h.png": 9, "val/fish/i.png": 10})
    with pytest.raises(FaultsError) as refused:
        make(repository, folder, fatal_anomalies=True)
    assert any("new label" in line and "fish" in line for line in refused.value.faults)
    assert len(repository.versions()) == 2


def test_a_folder_without_images_makes_nothing(repository, tmp_path):
    with pytest.raises(DatasetError, match="wanted labeled images, got none"):
        make(repository, write_files(tmp_path / "in", {"cat/.DS_Store": b"x"}))


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        pytest.param({"shares": {"train": 0.5}}, "numbers above 0 that sum to 1", id="shares"),
        pytest.param({"leaks": "hide"}, "wanted one of refuse, drop, keep, got 'hide'", id="leaks"),
        pytest.param({"instead": True}, "wanted a parent version", id="no parent"),
    ],
)
def test_what_cannot_be_wanted_is_refused(wanted, message):
    with pytest.raises(DatasetError, match=message):
        Wanted(**wanted)


@pytest.mark.parametrize("change", [b"other", None], ids=["other bytes", "cut off"])
def test_a_damaged_image_is_repaired(repository, tmp_path, change):
    folder = write_files(tmp_path / "in", SPLITS)
    made = make(repository, folder)
    entry = next(iter(made.images))
    path = repository.image_path(entry.image_sha256, entry.image_format)
    whole = path.read_bytes()
    path.write_bytes(whole[:50] if change is None else change + whole[len(change) :])
    assert make(repository, folder).id == made.id
    assert path.read_bytes() == whole


def test_an_image_that_is_gone_is_written_again(repository, tmp_path):
    folder = write_files(tmp_path / "in", SPLITS)
    made = make(repository, folder)
    entry = next(iter(made.images))
    path = repository.image_path(entry.image_sha256, entry.image_format)
    path.unlink()
    shutil.rmtree(repository.root / "versions")
    assert make(repository, folder).id == made.id
    assert path.exists()
