import pytest

from tests.training.pictures import image
from training.wholeness import missing_end

FORMATS = {".png": "png", ".jpg": "jpeg", ".webp": "webp", ".bmp": "bmp"}


@pytest.mark.parametrize("ending", FORMATS)
def test_a_whole_file_misses_nothing(ending):
    assert missing_end(image(1, ending), FORMATS[ending]) is None


@pytest.mark.parametrize("ending", FORMATS)
def test_what_stands_behind_the_end_is_no_fault(ending):
    assert missing_end(image(1, ending) + b"more", FORMATS[ending]) is None


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("kept", [0.5, 0.99], ids=["half", "nearly all"])
def test_a_file_that_was_cut_off_misses_its_end(ending, kept):
    data = image(1, ending)
    cut = data[: int(len(data) * kept)]
    assert f"got {len(cut)} bytes without it" in str(missing_end(cut, FORMATS[ending]))


def test_the_end_of_a_picture_in_the_header_is_not_the_end():
    data = image(1, ".jpg")
    # An APP1 segment with a whole picture, as cameras write it.
    header = b"\xff\xe1" + (len(data) + 2).to_bytes(2) + data
    with_preview = data[:2] + header + data[2:]
    assert missing_end(with_preview, "jpeg") is None
    assert missing_end(with_preview[:-200], "jpeg") is not None
