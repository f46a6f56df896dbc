import os

import pytest

from tests.datasets.pictures import image, write_files
from vidset.datasets.curation.sources.folders import FolderSource
from vidset.datasets.curation.sources.source import Fault, Found
from vidset.datasets.errors import DatasetError


def found_in(folder, split=None):
    """(uri, split, label) of the images; the faults as text."""
    offered = list(FolderSource(folder, split))
    images = [(e.image_uri, e.split, e.label) for e in offered if isinstance(e, Found)]
    return images, [str(each) for each in offered if isinstance(each, Fault)]


def test_one_folder_above_an_image_is_its_label(tmp_path):
    write_files(tmp_path, {"cat/a.png": 1, "dog/b.JPG": image(2, ".jpg"), "dog/c.webp": 3})
    assert found_in(tmp_path) == (
        [("cat/a.png", None, "cat"), ("dog/b.JPG", None, "dog"), ("dog/c.webp", None, "dog")],
        [],
    )


def test_the_split_of_all_can_be_told(tmp_path):
    write_files(tmp_path, {"cat/a.png": 1})
    assert found_in(tmp_path, "label_book")[0] == [("cat/a.png", "label_book", "cat")]


def test_two_folders_above_an_image_are_its_split_and_its_label(tmp_path):
    names = ("train/cat/a.png", "Val/cat/b.png", "testing/cat/c.png", "label_book/cat/d.png")
    write_files(tmp_path, dict(zip(names, range(4), strict=True)))
    assert found_in(tmp_path)[0] == [
        ("Val/cat/b.png", "validation", "cat"),
        ("label_book/cat/d.png", "label_book", "cat"),
        ("testing/cat/c.png", "test", "cat"),
        ("train/cat/a.png", "train", "cat"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(".DS_Store", id="macOS"),
        pytest.param("desktop.ini", id="Windows"),
        pytest.param("Thumbs.db", id="older Windows"),
        pytest.param("._a.png", id="AppleDouble"),
        pytest.param("__MACOSX/a.png", id="zip of macOS"),
        pytest.param(".ipynb_checkpoints/a-checkpoint.png", id="Jupyter"),
        pytest.param("notes.txt", id="text"),
        pytest.param("README", id="no ending"),
    ],
)
def test_junk_is_named_and_is_no_image(tmp_path, name):
    write_files(tmp_path, {"train/cat/a.png": 1, f"train/cat/{name}": b"junk"})
    assert found_in(tmp_path) == (
        [("train/cat/a.png", "train", "cat")],
        [f"train/cat/{name}: no image"],
    )


def test_images_beside_or_too_far_below_the_labels_have_none(tmp_path):
    names = ("train/cat/a.png", "train/b.png", "c.png", "train/cat/more/d.png")
    write_files(tmp_path, dict(zip(names, range(4), strict=True)))
    images, faults = found_in(tmp_path)
    assert images == [("train/cat/a.png", "train", "cat")]
    wanted = "image without label: wanted it at <split>/<label>/IMAGE"
    assert faults == [
        f"c.png: {wanted}",
        f"train/b.png: {wanted}",
        f"train/cat/more/d.png: {wanted}",
    ]


def test_formats_that_cannot_be_read_are_no_junk(tmp_path):
    write_files(tmp_path, {"cat/a.gif": b"GIF89a", "cat/b.tiff": b"II*"})
    assert [uri for uri, _, _ in found_in(tmp_path)[0]] == ["cat/a.gif", "cat/b.tiff"]


def test_names_are_the_same_on_every_system(tmp_path):
    decomposed, composed = "cafe\u0301", "caf\u00e9"
    write_files(tmp_path, {f"{decomposed}/{decomposed}.png": 1})
    assert found_in(tmp_path)[0] == [(f"{composed}/{composed}.png", None, composed)]


def test_a_name_that_is_no_text_is_a_fault(tmp_path):
    write_files(tmp_path, {"cat/a.png": 1})
    with open(os.fsencode(tmp_path) + b"/cat/\xff.png", "wb") as file:
        file.write(image(2))
    assert found_in(tmp_path)[1] == [
        r"'cat/\udcff.png': unreadable image: wanted a file name in UTF-8"
    ]


def test_a_link_to_a_folder_is_not_followed(tmp_path):
    write_files(tmp_path, {"cat/a.png": 1})
    (tmp_path / "cat" / "again").symlink_to(tmp_path / "cat")
    assert found_in(tmp_path) == ([("cat/a.png", None, "cat")], ["cat/again: no image"])


@pytest.mark.parametrize(
    ("files", "split", "message"),
    [
        pytest.param({"cat/day 1/a.png": 1}, None, "one of its folders to be a split", id="deep"),
        pytest.param({"train/cat/a.png": 1}, "test", "as all are to be test", id="two splits"),
    ],
)
def test_another_layout_is_refused(tmp_path, files, split, message):
    write_files(tmp_path, files)
    with pytest.raises(DatasetError, match=message):
        found_in(tmp_path, split)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="wanted a folder with a folder for each label"):
        found_in(tmp_path / "none")


def test_splits_without_labels_are_no_labels(tmp_path):
    write_files(tmp_path, {"train/a.png": 1, "val/b.png": 2})
    with pytest.raises(DatasetError, match=r"got images in train, val with no folder for their"):
        found_in(tmp_path)
    write_files(tmp_path, {"car/c.png": 3})  # Then `train` is one, too.
    assert [label for _, _, label in found_in(tmp_path)[0]] == ["car", "train", "val"]


@pytest.mark.parametrize(
    ("files", "hint"),
    [
        pytest.param(("images/a.png", "labels/a_mask.png"), "label-maps:{}", id="beside"),
        pytest.param(("images/a.png", "masks/a.png"), "label-maps:{}", id="masks"),
        pytest.param(
            ("images/10k/val/a.png", "labels/sem_seg/masks/val/a.png"),
            "label-maps:{}",
            id="BDD100K",
        ),
        pytest.param(
            ("leftImg8bit/train/x/a_leftImg8bit.png", "gtFine/train/x/a_gtFine_labelIds.png"),
            "label-maps:{}",
            id="Cityscapes",
        ),
        pytest.param(
            ("train/images/a.png", "train/masks/a.png", "val/images/b.png", "val/masks/b.png"),
            "train=label-maps:{0}/train validation=label-maps:{0}/val",
            id="below splits",
        ),
    ],
)
def test_images_with_label_maps_are_no_classes(tmp_path, files, hint):
    write_files(tmp_path, {name: number for number, name in enumerate(files)})
    with pytest.raises(DatasetError) as refused:
        found_in(tmp_path)
    assert str(refused.value).endswith(f"name them as such: {hint.format(tmp_path)}")
