"""Images in S3, on moto's server."""

from datetime import timedelta

import cv2
import httpx
import numpy as np
import pytest

from tests.labeling.brokers import settings
from vidset.jpeg import jpeg
from vidset.labeling.images.access import StoreImages
from vidset.labeling.places import open_image_access

pytestmark = pytest.mark.emulator
JPEG = jpeg(np.zeros((48, 64, 3), np.uint8), 90)
NAME = "drive 1/Straße?/1/0000001000.jpg"


@pytest.fixture
def bucket(s3):
    s3.client().create_bucket(Bucket="images")
    s3.client().put_object(Bucket="images", Key=NAME, Body=JPEG)
    s3.client().put_object(Bucket="images", Key="empty.jpg", Body=b"")
    return s3


def opened(access: str) -> StoreImages:
    found = open_image_access(settings(LABELING_IMAGES="s3://images", LABELING_IMAGE_ACCESS=access))
    assert isinstance(found, StoreImages)
    return found


def test_a_signed_url_is_read_by_whoever_has_it_and_ends_in_time(bucket):
    url = httpx.URL(opened("signed").url(f"s3://images/{NAME}"))
    assert httpx.get(url, timeout=600).content == JPEG
    assert url.params["X-Amz-Expires"] == "86400"
    shorter = httpx.URL(StoreImages("s3", "signed", timedelta(hours=1)).url(f"s3://images/{NAME}"))
    assert shorter.params["X-Amz-Expires"] == "3600"


@pytest.mark.parametrize(
    ("access", "url"),
    [
        pytest.param("uri", f"s3://images/{NAME}", id="uri"),
        pytest.param(
            "https://minio.test/{bucket}/{name}",
            "https://minio.test/images/drive%201/Stra%C3%9Fe%3F/1/0000001000.jpg",
            id="an url of yours",
        ),
    ],
)
def test_without_signing_no_server_is_asked(access, url):
    assert opened(access).url(f"s3://images/{NAME}") == url


def test_the_size_is_read_from_the_image(bucket):
    assert opened("uri").size(f"s3://images/{NAME}") == (64, 48)
    large = cv2.imencode(".png", np.zeros((30, 20, 3), np.uint8))[1].tobytes()
    bucket.client().put_object(Bucket="images", Key="a.png", Body=large)
    assert opened("uri").size("s3://images/a.png") == (20, 30)


def test_an_image_that_is_not_there_or_is_none_is_told(bucket):
    with pytest.raises(FileNotFoundError, match=r"s3://images/gone\.jpg"):
        opened("uri").size("s3://images/gone.jpg")
    with pytest.raises(ValueError, match=r"s3://images/empty\.jpg: wanted a JPEG or PNG"):
        opened("uri").size("s3://images/empty.jpg")
