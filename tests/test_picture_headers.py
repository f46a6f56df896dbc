"""Pictures are measured by their headers before they are decoded."""

import ast
import zlib

import cv2
import numpy as np
import pytest

from tests.attacks.pictures import bmp, jpeg, png, webp
from tests.paths import ROOT
from vidset.datasets.errors import DatasetError
from vidset.datasets.images.measures import decode
from vidset.picture_headers import VARIABLE, check_picture, told_size

pytestmark = pytest.mark.attack


@pytest.mark.parametrize(
    "ending", [".png", ".jpg", ".webp", ".bmp"], ids=["PNG", "JPEG", "WebP", "BMP"]
)
@pytest.mark.parametrize("size", [(1, 1), (300, 200), (16, 999)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_header_tells_what_the_decoder_gives(ending, size, channels):
    width, height = size
    picture = np.zeros((height, width, channels), np.uint8)
    data = cv2.imencode(ending, picture)[1].tobytes()
    assert told_size(data) == size
    assert decode(data, "a").shape == (height, width, 3)
    lossless = cv2.imencode(ending, picture, [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()
    assert told_size(lossless) == size


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(png(32_768, 32_767), id="PNG"),
        pytest.param(png(10_001, 10_000, colours=6), id="PNG with transparency"),
        pytest.param(png(8_000, 8_000, bits=16), id="PNG with 16 bits"),
        pytest.param(bmp(40_000, -40_000), id="BMP from the top"),
        pytest.param(webp(16_000, 16_000), id="WebP"),
        pytest.param(jpeg(65_000, 65_000), id="JPEG"),
        pytest.param(jpeg(65_000, 65_000, b"\0\0\xff\0\xff\xd0\xff\x01 \xff"), id="noise"),
        pytest.param(jpeg(8_000, 8_000, channels=4), id="JPEG with four channels"),
    ],
)
def test_a_picture_of_too_many_pixels_is_refused_by_name(data):
    with pytest.raises(DatasetError, match=r"^a: wanted at most 100 megapixels .*, got \d+x\d+"):
        decode(data, "a")


def test_a_jpeg_of_thousands_of_scans_is_refused():
    check_picture(jpeg(9_000, 9_000, scans=12), "a.jpg")
    with pytest.raises(ValueError, match=r"a\.jpg: .* got 3,000 scans over 1\.0 megapixels"):
        check_picture(jpeg(1_000, 1_000, scans=3_000), "a.jpg")


def test_the_limit_is_a_variable(monkeypatch):
    data = bmp(2_000, 1_000)
    monkeypatch.setenv(VARIABLE, "2")
    check_picture(data, "a.bmp")
    monkeypatch.setenv(VARIABLE, "1.9")
    with pytest.raises(ValueError, match=r"at most 1\.9 megapixels \(VIDSET_MAX_MEGAPIXELS"):
        check_picture(data, "a.bmp")


@pytest.mark.parametrize("text", ["0", "-1", "many", "inf", "nan"])
def test_a_limit_that_is_no_number_is_refused(monkeypatch, text):
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(ValueError, match=f"{VARIABLE}: wanted a number above 0, got '{text}'"):
        check_picture(bmp(2, 2), "a.bmp")


def test_transparent_pictures_of_16_bits_become_what_they_were():
    picture = np.full((130, 3, 4), 0xFFFF, np.uint16)
    picture[:, 1] = (0x1000, 0x2000, 0x3000, 0xFFFF)
    picture[:, 2, 3] = 0
    data = cv2.imencode(".png", picture)[1].tobytes()
    assert decode(data, "a").tolist() == [[[255] * 3, [0x30, 0x20, 0x10], [255] * 3]] * 130


def test_pictures_are_decoded_in_one_place():
    openers = {
        path.relative_to(ROOT / "vidset").as_posix()
        for path in (ROOT / "vidset").rglob("*.py")
        if any(map(_opens_a_picture, ast.walk(ast.parse(path.read_bytes()))))
    }
    # Masks are read as they are, and so is what is blurred; thumbnails and what is embedded are
    # read at a part of their size: each checks by itself.
    by_themselves = {
        "datasets/curation/synthetic/pictures.py",
        "embeddings/pictures.py",
        "formats/map_pictures.py",
        "formats/labelme.py",
        "privacy/blurred_copy.py",
        "view/sheets.py",
        "view/thumbnails.py",
    }
    # W&B draws with it; nothing is opened there.
    drawing = "training/running/trackers/wandb_tracker.py"
    wanted = {"datasets/images/upright.py", drawing, *by_themselves}
    assert openers == wanted, "use vidset.datasets.images.measures.decode"
    for name in by_themselves:
        text = (ROOT / "vidset" / name).read_text()
        assert "check_picture(" in text or "told_size(" in text, name
    callers = {
        path.relative_to(ROOT / "vidset").as_posix()
        for path in (ROOT / "vidset").rglob("*.py")
        if "read_upright(" in path.read_text() and path.name != "upright.py"
    }
    wanted = {"datasets/curation/taking.py", "datasets/images/measures.py"}
    assert callers == wanted, "check_picture stands before it"
    for name in wanted:
        assert "check_picture(" in (ROOT / "vidset" / name).read_text(), name


_OPENERS = frozenset(
    {"imread", "imdecode", "imdecodeWithMetadata", "imreadWithMetadata", "imreadmulti"}
    | {"imdecodemulti", "imreadanimation", "imdecodeanimation", "decode_image"}
    | {"decode_jpeg", "decode_png"}
)


def _opens_a_picture(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in _OPENERS
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    if isinstance(node, ast.ImportFrom):
        names = [node.module or ""]
    return any(
        name.split(".")[0] in ("PIL", "imageio") or name.startswith("skimage.io") for name in names
    )


def test_a_png_with_more_chunks_than_tools_write_is_refused():
    whole = cv2.imencode(".png", np.zeros((4, 4, 3), np.uint8))[1].tobytes()
    note = (4).to_bytes(4) + b"tEXta\0bc" + zlib.crc32(b"tEXta\0bc").to_bytes(4)
    check_picture(whole[:33] + note * 900 + whole[33:], "a.png")
    with pytest.raises(ValueError, match=r"a\.png: wanted a PNG with at most 1,000 chunks"):
        check_picture(whole[:33] + note * 1100 + whole[33:], "a.png")
