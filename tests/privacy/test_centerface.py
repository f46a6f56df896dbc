"""CenterFace: the model is checked by its hash, and its answers become boxes."""

import os

import cv2
import numpy as np
import pytest

from vidset.privacy.centerface import KNOWN, _decode
from vidset.privacy.registry import open_detector

MODEL = os.environ.get("VIDSET_CENTERFACE", "")


def test_a_model_with_another_hash_is_refused(tmp_path):
    (tmp_path / "other.onnx").write_bytes(b"other")
    with pytest.raises(ValueError, match=f"wanted a model with SHA-256 {KNOWN}, got d9298a10"):
        open_detector(f"faces:{tmp_path / 'other.onnx'}")


def test_what_is_no_model_is_refused_though_its_hash_is_as_told(tmp_path):
    (tmp_path / "other.onnx").write_bytes(b"other")
    told = "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa"
    with pytest.raises(ValueError, match=r"other\.onnx: wanted a model in ONNX"):
        open_detector(f"faces:{tmp_path / 'other.onnx'}#{told}")


@pytest.mark.emulator
def test_a_model_may_lie_in_a_bucket(gcs):
    gcs.make_bucket("models").blob("faces/m.onnx").upload_from_string(b"other")
    with pytest.raises(ValueError, match=f"wanted a model with SHA-256 {KNOWN}, got d9298a10"):
        open_detector("faces:gs://models/faces/m.onnx")
    with pytest.raises(ValueError, match=r"faces:gs://models/none\.onnx"):
        open_detector("faces:gs://models/none.onnx")


@pytest.mark.parametrize(
    ("named", "said"),
    [
        pytest.param("faces", "wanted faces:PATH of centerface.onnx", id="no path"),
        pytest.param("faces:none.onnx", "No such file", id="no file"),
        pytest.param("facs:x", "wanted one of faces, got 'facs'.*Did you mean", id="unknown"),
    ],
)
def test_a_detector_that_cannot_be_opened_is_refused(named, said):
    with pytest.raises(ValueError, match=said):
        open_detector(named)


def test_the_networks_answer_becomes_boxes_and_overlapping_ones_become_one():
    heat = np.zeros((20, 30), np.float32)
    scales, offsets = np.zeros((2, 20, 30), np.float32), np.zeros((2, 20, 30), np.float32)
    heat[5, 10], heat[5, 11], heat[15, 25] = 0.9, 0.6, 0.1
    scales[0], scales[1] = np.log(6), np.log(4)  # 24 pixels tall and 16 wide.
    offsets[1, 5, 10] = 0.25
    ((box, score),) = _decode(heat, scales, offsets)
    assert score == pytest.approx(0.9)
    assert box == pytest.approx((43 - 8, 22 - 12, 43 + 8, 22 + 12), abs=1e-4)


@pytest.mark.skipif(not MODEL, reason="VIDSET_CENTERFACE names no centerface.onnx")
def test_a_picture_without_faces_has_none():
    detector = open_detector(f"faces:{MODEL}")
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    assert detector.find(cv2.GaussianBlur(noise, (0, 0), 9)) == []
    assert detector.id.startswith("faces-centerface-09189deaaf86")
