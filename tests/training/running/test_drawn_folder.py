"""The folder of drawn pictures: its names, and whose pictures it takes."""

import cv2
import numpy as np
import pytest

from vidset.storage.writing import LinkError
from vidset.training.running.drawn.folder import DrawnFolder, drawn_name, names_of

WHOSE = {"run_id": "r1", "version": "v1"}
PICTURE = np.full((8, 8, 3), (200, 10, 30), np.uint8)


@pytest.mark.parametrize(
    ("uris", "wanted"),
    [
        pytest.param(
            ["/roads/images/a/1/0.jpg", "/roads/images/b/1/0.jpg"],
            ["a/1/0.jpg", "b/1/0.jpg"],
            id="what all share is left out",
        ),
        pytest.param(["gs://bucket/a/0.png"], ["0.png"], id="one"),
        pytest.param(["a.tif", "b"], ["a.tif.jpg", "b.jpg"], id="unknown ends"),
        pytest.param(["a.png", "a.png"], ["a-aaaaaaaa.png", "a-bbbbbbbb.png"], id="copies"),
        pytest.param(["x/../../y.jpg", "x/z.jpg"], ["%2E%2E/%2E%2E/y.jpg", "z.jpg"], id="upwards"),
    ],
)
def test_a_picture_has_the_name_of_its_image(uris, wanted):
    assert names_of(uris, ["a" * 64, "b" * 64][: len(uris)]) == wanted


def test_the_name_of_an_image_leads_nowhere_else():
    assert drawn_name("../../etc/x.jpg") == "%2E%2E/%2E%2E/etc/x.jpg"


def test_pictures_are_written_by_their_names(tmp_path):
    folder = DrawnFolder.open(tmp_path / "new" / "drawn", WHOSE)
    for name in ("a/b/0.png", "a/b/0.jpg"):
        assert not folder.has(name)
        folder.put(name, PICTURE)
        assert folder.has(name)
        read = cv2.imread(str(folder.root / name))
        assert read is not None
        assert np.abs(read[..., ::-1].astype(int) - PICTURE).max() < 12
    assert (folder.root / "a/b/0.png").read_bytes().startswith(b"\x89PNG")


def test_a_folder_with_other_things_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    (tmp_path / "file").mkdir()
    for path in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(ValueError, match=r"--draw .*: wanted"):
            DrawnFolder.open(path, WHOSE)
    DrawnFolder.open(tmp_path / "file", WHOSE).put("a.png", PICTURE)
    assert DrawnFolder.open(tmp_path / "file", WHOSE).has("a.png")
    with pytest.raises(ValueError, match="name another folder"):
        DrawnFolder.open(tmp_path / "file", {**WHOSE, "run_id": "r2"})


def test_a_link_in_the_folder_is_not_followed(tmp_path):
    folder = DrawnFolder.open(tmp_path / "drawn", WHOSE)
    (tmp_path / "elsewhere").mkdir()
    (folder.root / "a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LinkError):
        folder.put("a/0.png", PICTURE)
    assert list((tmp_path / "elsewhere").iterdir()) == []
