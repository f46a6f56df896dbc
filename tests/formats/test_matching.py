import unicodedata

import pytest

from vidset.formats.matching import Names

_NAMES = ["a/cars/58/0001.jpg", "b c/drive/3e/0001.jpg", "b c/drive/3e/0007.JPG", "c/Käse ✓ 1.png"]


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        pytest.param("a/cars/58/0001.jpg", "a/cars/58/0001.jpg", id="as it is"),
        pytest.param("data/a/cars/58/0001.jpg", "a/cars/58/0001.jpg", id="a folder before it"),
        pytest.param("cars/58/0001.jpg", "a/cars/58/0001.jpg", id="a folder left out"),
        pytest.param("0007.JPG", "b c/drive/3e/0007.JPG", id="a base name"),
        pytest.param("0001.jpg", None, id="a base name of two"),
        pytest.param("B C/Drive/3E/0007.jpg", "b c/drive/3e/0007.JPG", id="another case"),
        pytest.param(
            unicodedata.normalize("NFD", "c/Käse ✓ 1.png"), "c/Käse ✓ 1.png", id="decomposed"
        ),
        pytest.param("b c/drive/3e/0001", "b c/drive/3e/0001.jpg", id="no extension"),
        pytest.param("a/cars/58/0001.png", None, id="another extension"),
        pytest.param("x/58/0001.jpg", None, id="another folder"),
        pytest.param("0007_jpg.rf.0a1b2c3d4e5f.jpg", "b c/drive/3e/0007.JPG", id="Roboflow"),
        pytest.param("upload/1/1a2b3c4d-0007.JPG", "b c/drive/3e/0007.JPG", id="an upload"),
        pytest.param("a__cars__58__0001.jpg", "a/cars/58/0001.jpg", id="a flat name of ours"),
        pytest.param("nothing.jpg", None, id="unknown"),
    ],
)
def test_a_name_is_found_where_one_alone_can_be_meant(told, wanted):
    assert Names(_NAMES).find(told) == wanted


def test_names_that_differ_by_case_alone_are_found_exactly_or_not_at_all():
    names = Names(["A.jpg", "a.jpg"])
    assert names.find("A.jpg") == "A.jpg"
    assert names.find("x/a.jpg") == "a.jpg"
    assert Names(["B/A.jpg", "b/a.jpg"]).find("x/b/A.JPG") is None


@pytest.mark.parametrize(
    ("how", "wanted"), [("exact", None), ("path", None), ("longest", "a/cars/58/0001.jpg")]
)
def test_how_much_has_to_agree_is_asked_for(how, wanted):
    assert Names(_NAMES).find("x/58/0001.jpg", how) == wanted


def test_an_equal_length_of_common_path_is_no_answer():
    assert Names(["a/x/1.jpg", "b/x/1.jpg"]).find("c/x/1.jpg", "longest") is None
