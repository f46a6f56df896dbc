import pytest

from tests.datasets.curation.test_create import SPLITS, make
from tests.datasets.pictures import image, write_files
from vidset.datasets.curation.create import Wanted, create
from vidset.datasets.curation.sources.source import Found
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.checkout import file_name, in_folders, segment, write_images


def check_out(repository, created, folder, *, link=False):
    folder.mkdir()
    write_images(repository, in_folders(created.images), folder, link=link)
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


@pytest.mark.parametrize("link", [False, True], ids=["copied", "linked"])
def test_images_stand_in_folders_by_split_and_label(repository, tmp_path, link):
    made = make(repository, write_files(tmp_path / "in", SPLITS))
    names = check_out(repository, made, tmp_path / "out", link=link)
    assert [name.rpartition("-")[0] for name in names] == [
        "train/cat/a",
        "train/cat/b",
        "train/dog/c",
        "validation/cat/d",
        "validation/dog/e",
    ]
    assert (tmp_path / "out" / names[0]).read_bytes() == image(1)
    assert (tmp_path / "out" / names[0]).stat().st_nlink == 1 + link


def test_what_was_checked_out_makes_the_same_images_and_labels(repository, tmp_path):
    made = make(repository, write_files(tmp_path / "in", SPLITS))
    check_out(repository, made, tmp_path / "out")
    again = make(repository, tmp_path / "out")
    columns = ["image_sha256", "label", "split"]
    assert again.images.table.select(columns) == made.images.table.select(columns)


def test_copies_of_an_image_stand_side_by_side(repository, tmp_path):
    twins = {"train/cat/a.png": 1, "train/cat/more a.png": 1}
    made = make(repository, write_files(tmp_path / "in", twins))
    assert len(check_out(repository, made, tmp_path / "out")) == 2


NASTY = (
    "../../out",
    "/etc/passwd",
    "..",
    ".",
    "a\\b",
    "CON:",
    "new\nline",
    ".hidden",
    "50 %",
    "dot.",
)


def test_no_label_and_no_uri_leads_outside(repository, tmp_path):
    offered = [
        Found(f"{label}/../../{n}.png", lambda n=n: image(n), "t", label=label, split="../train")
        for n, label in enumerate(NASTY)
    ]
    made = create(repository, offered, Wanted())
    check_out(repository, made, tmp_path / "out")
    folders = sorted(path.name for path in (tmp_path / "out" / "%2E.%2Ftrain").iterdir())
    assert folders == sorted(
        [
            "%2E.%2F..%2Fout",
            "%2Fetc%2Fpasswd",
            "%2E%2E",
            "%2E",
            "a%5Cb",
            "CON%3A",
            "new%0Aline",
            "%2Ehidden",
            "50 %25",
            "dot%2E",
        ]
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["datasets", "out"]


@pytest.mark.parametrize("text", ["", "x" * 201], ids=["empty", "long"])
def test_a_label_that_no_folder_can_be_called_is_refused(text):
    with pytest.raises(DatasetError, match="wanted 1 to 200 bytes for a folder"):
        segment(text)


def test_a_long_name_is_cut(repository):
    found = Found("x/" + "é" * 300 + ".png", lambda: image(1), "t", label="a", split="train")
    (entry,) = create(repository, [found], Wanted()).images
    name = file_name(entry)
    assert name.startswith("é" * 50 + "-")
    assert len(name.encode()) == 100 + len("-") + 12 + len(".png")


def test_an_image_without_a_class_has_no_folder(repository, tmp_path):
    found = Found("a.png", lambda: image(1), "t", objects=[], split="train")
    made = create(repository, [found], Wanted())
    with pytest.raises(DatasetError, match="wanted a class for the folder to be in"):
        check_out(repository, made, tmp_path / "out")


def test_an_image_that_is_gone_is_named(repository, tmp_path):
    made = make(repository, write_files(tmp_path / "in", SPLITS))
    entry = next(iter(made.images))
    repository.image_path(entry.image_sha256, entry.image_format).unlink()
    with pytest.raises(DatasetError, match=f"{entry.image_uri}: its image is not in the repos"):
        check_out(repository, made, tmp_path / "out")
