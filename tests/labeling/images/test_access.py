import io
import os
import struct
import time
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Picture

from vidset.jpeg import jpeg
from vidset.labeling.images.access import FolderImages, fill_url, picture_size
from vidset.labeling.places import open_image_access
from vidset.labeling.settings import Settings

URI = "/images/a/1/0000000000.jpg"
NOISE = np.random.default_rng(1).integers(0, 256, (48, 64, 3), np.uint8)


def pillow(form: str, size: tuple[int, int] = (64, 48), mode: str = "RGB", **options) -> bytes:
    file = io.BytesIO()
    Picture.fromarray(NOISE).resize(size).convert(mode).save(file, form, **options)
    return file.getvalue()


def with_segments(data: bytes, *segments: bytes) -> bytes:
    """A JPEG with more between its first marker and the others."""
    return data[:2] + b"".join(segments) + data[2:]


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


# A thumbnail's own frame header, and what looks like markers, must not be taken for the image's.
DECOY = b"\xff\xd8\xff\xc0\x00\x11\x08\x00\x01\x00\x01\xff\xd9" * 5000
EXIF = [segment(0xE1, b"Exif\0\0" + DECOY[:65_000])]
PROFILE = [segment(0xE2, b"ICC_PROFILE\0" + bytes([n, 16]) + DECOY[:65_000]) for n in range(1, 17)]


@pytest.mark.parametrize(
    ("data", "size"),
    [
        pytest.param(jpeg(NOISE, 95), (64, 48), id="as the ingest job makes it"),
        pytest.param(jpeg(np.zeros((2160, 3840, 3), np.uint8), 95), (3840, 2160), id="4K"),
        pytest.param(jpeg(np.zeros((1, 65_500, 3), np.uint8), 95), (65_500, 1), id="very wide"),
        pytest.param(pillow("JPEG", progressive=True), (64, 48), id="progressive"),
        pytest.param(pillow("JPEG", mode="L"), (64, 48), id="grey"),
        pytest.param(pillow("JPEG", mode="CMYK"), (64, 48), id="CMYK"),
        pytest.param(pillow("JPEG", comment=b"\xff\xc0" * 9), (64, 48), id="comment"),
        pytest.param(with_segments(pillow("JPEG"), *EXIF), (64, 48), id="EXIF"),
        pytest.param(with_segments(pillow("JPEG"), *EXIF, *PROFILE), (64, 48), id="a megabyte"),
        pytest.param(with_segments(pillow("JPEG"), b"\xff" * 9), (64, 48), id="fill bytes"),
        pytest.param(pillow("PNG", (123, 7)), (123, 7), id="PNG"),
        pytest.param(pillow("PNG", (123, 7), "LA"), (123, 7), id="PNG with transparency"),
        pytest.param(
            cv2.imencode(".jpg", NOISE, [cv2.IMWRITE_JPEG_RST_INTERVAL, 1])[1].tobytes(),
            (64, 48),
            id="restart markers",
        ),
    ],
)
def test_a_picture_tells_its_size(data, size, tmp_path):
    assert picture_size(data, URI) == size
    (tmp_path / "a.jpg").write_bytes(data)
    assert FolderImages(str(tmp_path), "uri").size(str(tmp_path / "a.jpg")) == size


PNG = pillow("PNG")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff", id="one byte"),
        pytest.param(b"\xff\xd8", id="start alone"),
        pytest.param(b"\xff\xd8\xff\xd9", id="start and end"),
        pytest.param(pillow("JPEG")[:20], id="truncated JPEG"),
        pytest.param(PNG[:23], id="truncated PNG"),
        pytest.param(PNG[:12] + b"IDAT" + PNG[16:], id="PNG without header"),
        pytest.param(PNG[:16] + bytes(8) + PNG[24:], id="PNG of no size"),
        pytest.param(b"\xff\xd8" + segment(0xC0, b"\x08\0\0\0\x40\x03") + bytes(9), id="no height"),
        pytest.param(b"\xff\xd8" + segment(0xC0, b"\x08\0\x30\0\0\x03") + bytes(9), id="no width"),
        pytest.param(b"\xff\xd8\xff\xe0\0\0" + pillow("JPEG"), id="segment of length 0"),
        pytest.param(b"\xff\xd8\xff\xe0\0\1" + pillow("JPEG"), id="segment of length 1"),
        pytest.param(b"\xff\xd8" + segment(0xDA, b"\0" * 9) + pillow("JPEG")[2:], id="scan first"),
        pytest.param(b"\xff\xd8" + b"\xff" * 100_000, id="fill bytes alone"),
        pytest.param(pillow("GIF"), id="GIF"),
        pytest.param(pillow("WEBP"), id="WEBP"),
        pytest.param(b"<svg width='64' height='48'/>", id="SVG"),
        pytest.param(b"\0" * 3_000_000, id="zeros"),
    ],
)
def test_what_tells_no_size_is_refused_with_its_uri(data, tmp_path):
    with pytest.raises(ValueError, match=f"{URI}: wanted a JPEG or PNG, its first "):
        picture_size(data, URI)
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(ValueError, match=r"a\.jpg: wanted a JPEG or PNG, its first "):
        FolderImages(str(tmp_path), "uri").size(str(tmp_path / "a.jpg"))


@pytest.mark.parametrize("data", [jpeg(NOISE, 95), pillow("JPEG", progressive=True), PNG])
def test_every_beginning_of_a_picture_gives_its_size_or_an_error(data):
    told = []
    for end in range(len(data)):
        try:
            told.append(picture_size(data[:end], URI))
        except ValueError:
            assert not told
    assert set(told) == {(64, 48)}


beginnings = st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", PNG[:16]])


@given(beginnings, st.lists(st.binary(max_size=30) | st.just(b"\xff\xe0\0\2") | st.just(b"\xff")))
def test_any_bytes_give_a_size_or_an_error(start, rest):
    try:
        width, height = picture_size(start + b"".join(rest), URI)
    except ValueError as error:
        assert URI in str(error)  # noqa: PT017
    else:
        assert width > 0
        assert height > 0


def test_an_endless_header_takes_little_time():
    start = time.thread_time()
    with pytest.raises(ValueError, match="wanted a JPEG"):
        picture_size(b"\xff\xd8" + b"\xff\xe0\0\2" * 500_000, URI)
    assert time.thread_time() - start < 5


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    (folder / "cam 1").mkdir(parents=True)
    (folder / "cam 1" / "a%0A.jpg").write_bytes(jpeg(NOISE, 95))
    (tmp_path / "images-2").mkdir()
    for outside in tmp_path / "secret.jpg", tmp_path / "images-2" / "b.jpg":
        outside.write_bytes(jpeg(NOISE, 95))
    return folder


def test_an_image_in_a_folder_is_read_by_its_path_or_by_an_url_of_yours(images):
    uri = f"{images}/cam 1/a%0A.jpg"
    template = "http://127.0.0.1:8080/{bucket}/x?of={name}"
    url = "http://127.0.0.1:8080/images/x?of=cam%201/a%250A.jpg"
    assert FolderImages(str(images), "uri").url(uri) == uri
    assert FolderImages(str(images), template).url(uri) == url
    assert FolderImages(str(images), template).size(uri) == (64, 48)


def test_a_relative_folder_is_where_the_ingest_job_says_it_is(images, monkeypatch):
    monkeypatch.chdir(images / "cam 1")
    uri = f"{images}/cam 1/a%0A.jpg"
    for folder in "..", "./../", "../../images/.", f"{images}/":
        assert FolderImages(folder, "uri").size(uri) == (64, 48)
    monkeypatch.chdir(images)
    assert FolderImages(".", "x://{name}").url(uri) == "x://cam%201/a%250A.jpg"


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("{images}/../secret.jpg", id="dots"),
        pytest.param("{images}/cam 1/../../secret.jpg", id="dots inside"),
        pytest.param("{images}/../images/cam 1/a%0A.jpg", id="dots and back"),
        pytest.param("{images}-2/b.jpg", id="folder of a longer name"),
        pytest.param("/etc/passwd", id="elsewhere"),
        pytest.param("cam 1/a%0A.jpg", id="relative"),
        pytest.param("../secret.jpg", id="relative dots"),
        pytest.param("gs://images/cam 1/a%0A.jpg", id="bucket"),
        pytest.param("file://{images}/cam 1/a%0A.jpg", id="file url"),
        pytest.param("", id="nothing"),
        pytest.param("/", id="root"),
    ],
)
def test_an_image_outside_the_folder_is_refused(images, uri):
    access = FolderImages(str(images), "https://cdn.test/{name}")
    uri = uri.format(images=images)
    for ask in access.url, access.size:
        with pytest.raises(ValueError, match=f"is not below {images}"):
            ask(uri)


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("{images}/none.jpg", id="not there"),
        pytest.param("{images}", id="the folder itself"),
        pytest.param("{images}/cam 1", id="a folder"),
        pytest.param("{images}/cam 1/a%0A.jpg/x", id="below a file"),
        pytest.param("{images}/a\0.jpg", id="NUL"),
        pytest.param("{images}/pipe", id="a pipe"),
    ],
)
def test_an_image_that_is_not_there_is_told(images, uri):
    os.mkfifo(images / "pipe")
    uri = uri.format(images=images)
    with pytest.raises(FileNotFoundError) as raised:
        FolderImages(str(images), "uri").size(uri)
    assert uri in str(raised.value)


def test_images_in_a_folder_cannot_be_signed(images):
    with pytest.raises(
        ValueError, match=r"cannot be signed: LABELING_IMAGE_ACCESS must be uri, or"
    ):
        FolderImages(str(images), "signed")


@pytest.mark.parametrize(
    ("name", "url"),
    [
        pytest.param("a b/ü.jpg", "https://cdn.test/my-b/a%20b/%C3%BC.jpg", id="unicode"),
        pytest.param("a?b#c&d=%2F", "https://cdn.test/my-b/a%3Fb%23c%26d%3D%252F", id="special"),
        pytest.param("{bucket}{name}", "https://cdn.test/my-b/%7Bbucket%7D%7Bname%7D", id="braces"),
    ],
)
def test_an_url_has_bucket_and_name_percent_encoded(name, url):
    assert fill_url("https://cdn.test/{bucket}/{name}", "my-b", name) == url


def test_the_settings_tell_where_the_images_are(images):
    settings = Settings.from_environment(
        {"LABELING_STORE": "sqlite:x", "LABELING_IMAGES": str(images)}, "inspect"
    )
    with pytest.raises(ValueError, match="cannot be signed"):
        open_image_access(settings)
    assert isinstance(open_image_access(replace(settings, image_access="uri")), FolderImages)
    for place in "gs://images/out", None:
        access = open_image_access(replace(settings, images=place, image_access="uri"))
        assert access.url("gs://images/out/a.jpg") == "gs://images/out/a.jpg"
