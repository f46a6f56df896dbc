"""`vidset predict --draw`: the images of a place with what the run says of them."""

import shutil

import cv2
import pytest

from tests.cli.called import Called, vidset
from tests.cli.predict.places import make_place


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_place(tmp_path_factory.mktemp("made") / "place")


@pytest.fixture
def place(made, tmp_path):
    place = shutil.copytree(made, tmp_path / "place")
    (place / "vidset.toml").write_text(f'template = "{place}/template.yaml"\n')
    return place


def predict(place, *words) -> Called:
    return vidset("predict", "-p", place, "--workers", "1", *words)


def pictures(folder) -> list[str]:
    return sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*.jpg"))


def test_predicted_images_are_drawn_by_the_names_that_they_have_in_the_place(place, tmp_path):
    folder = tmp_path / "drawn"
    assert predict(place, "--dry-run", "--draw", folder).code == 0
    assert not folder.exists()
    done = predict(place, "--draw", folder)
    assert done.code == 0, done.err
    assert f"11 images drawn in {folder}" in done.out
    names = pictures(folder)
    assert len(names) == 11
    assert all((place / "images" / name).is_file() for name in names)
    picture = cv2.imread(str(folder / names[0]))
    whole = cv2.imread(str(place / "images" / names[0]))
    assert picture is not None
    assert whole is not None
    assert picture.shape[0] > picture.shape[1] * whole.shape[0] / whole.shape[1]


def test_again_only_what_is_missing_is_drawn(place, tmp_path):
    folder = tmp_path / "drawn"
    assert predict(place, "--limit", "4", "--json").found["drawn"] == 0
    # Those that were predicted before are drawn, too.
    assert predict(place, "--limit", "2", "--draw", folder, "--json").found["drawn"] == 6
    (folder / pictures(folder)[0]).unlink()
    assert predict(place, "--draw", folder, "--json").found["drawn"] == 6
    assert len(pictures(folder)) == 11
    # With --all, those that people have labeled: what is true is known of them.
    every = predict(place, "--all", "--draw", folder, "--json").found
    assert every["drawn"] == every["predicted"] > 0


def test_a_folder_of_something_else_is_refused_before_any_work(place, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/x.txt").write_text("keep")
    done = predict(place, "--draw", tmp_path / "mine")
    assert done.code == 2
    assert "name another folder" in done.err
    assert predict(place, "--json").found["done"] == 0


def test_an_image_that_is_gone_is_named(place, tmp_path):
    assert predict(place, "-q").code == 0
    (place / "images/c/0/0000000000.jpg").unlink()
    done = predict(place, "--draw", tmp_path / "drawn", "--json")
    assert done.found["drawn"] == 10
    assert "images/c/0/0000000000.jpg" in done.found["warnings"][0]
    assert done.code == 1
