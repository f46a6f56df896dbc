"""The output of an extraction in S3: a vendor reads its images by presigned urls."""

import cv2
import httpx
import numpy as np
import pytest
from typer.testing import CliRunner

from tests.cli.labels import label
from tests.labeling.vendors.scale.double import API_KEY, scale_double
from vidset.cli.main import app

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


def test_images_in_s3_are_dispatched_and_can_be_read(s3, video, tmp_path, monkeypatch):
    s3.client().create_bucket(Bucket="data")
    out = "s3://data/out"
    extracted = CliRunner().invoke(app, ["extract", str(video), "--output", out, "--quiet"])
    assert extracted.exit_code == 0, extracted.output
    store = f"sqlite:{tmp_path}/labels.sqlite"
    with scale_double() as scale:
        monkeypatch.setenv("SCALE_API_URL", scale.url)
        monkeypatch.setenv("SCALE_API_KEY", API_KEY)
        monkeypatch.setenv("LABELING_CALLBACK_URL", "https://labels.test/receive")
        dispatch = ("dispatch", "-p", out, "--store", store, "--vendor", "scale", "--json")
        sent = label(*dispatch, "--yes")
        tasks = scale.tasks()
    assert sent.code == 0
    assert sent.found["dispatched"] == len(tasks) > 0
    for task in tasks:
        assert task["metadata"]["image_uri"].startswith("s3://data/out/images/")
        image = httpx.get(task["params"]["attachment"], timeout=600).content
        assert cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR) is not None
    assert label(*dispatch).code == 0
