"""A model in ONNX as an embedder."""

import numpy as np
import pytest

from tests.onnx_models import average_model, model
from vidset.embeddings.registry import open_embedder

PLAIN = "mean=0,0,0&deviation=1,1,1"


@pytest.fixture
def path(tmp_path):
    (tmp_path / "mean.onnx").write_bytes(average_model())
    return tmp_path / "mean.onnx"


def test_a_model_gives_unit_vectors_of_its_averaged_features(path):
    embedder = open_embedder(f"onnx:{path}?{PLAIN}")
    assert (embedder.dimensions, embedder.least_side) == (3, 8)
    red = np.zeros((40, 30, 3), np.uint8)
    red[..., 0] = 200
    assert embedder.embed([red, red + 40]).tolist() == [
        pytest.approx([1, 0, 0]),
        pytest.approx([0.9733, 0.1622, 0.1622], abs=1e-3),
    ]
    assert embedder.embed([]).shape == (0, 3)


def test_the_id_tells_models_and_preparations_apart(path, tmp_path):
    (tmp_path / "copy.onnx").write_bytes(path.read_bytes())
    (tmp_path / "other.onnx").write_bytes(average_model(side=16))
    ids = [
        open_embedder(f"onnx:{tmp_path}/{name}").id
        for name in ("mean.onnx", "copy.onnx", "other.onnx", f"mean.onnx?{PLAIN}")
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_bgr_swaps_the_channels(path):
    blue = np.zeros((8, 8, 3), np.uint8)
    blue[..., 2] = 255
    vector = open_embedder(f"onnx:{path}?{PLAIN}&bgr=yes").embed([blue])[0]
    assert vector.tolist() == pytest.approx([1, 0, 0])


@pytest.mark.parametrize(
    ("told", "said"),
    [
        pytest.param("", "wanted onnx:PATH", id="no path"),
        pytest.param("none.onnx", "No such file", id="no file"),
        pytest.param("bad.onnx", "wanted a model in ONNX", id="no model"),
        pytest.param(
            "flat.onnx", r"wanted a model with one picture of 3 channels", id="no picture"
        ),
        pytest.param("mean.onnx?size=9", "wanted size=8, as the model has it, got 9", id="size"),
        pytest.param("mean.onnx?sise=9", "wanted size, mean, .* got 'sise'", id="option"),
        pytest.param("mean.onnx?mean=1", "mean='1' is no value for mean", id="value"),
    ],
)
def test_what_is_no_such_model_is_refused(path, tmp_path, monkeypatch, told, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    (tmp_path / "flat.onnx").write_bytes(
        model([("Abs", ["a"], ["b"])], {"a": [1, 9]}, {"b": [1, 9]})
    )
    with pytest.raises(ValueError, match=said):
        open_embedder(f"onnx:{told}")
