"""resnet50-c2-32 computes what Keras computes: pictures, logits, losses, weights after training."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.training.models import keras_fixture
from vidset.training.models.classification import open_learner
from vidset.training.models.recipes import RESNET50_C2_32


@pytest.fixture(scope="module")
def keras():
    return np.load(keras_fixture.FIXTURE)


@pytest.fixture
def learner():
    return open_learner(RESNET50_C2_32)


@pytest.fixture
def network(learner, keras):
    """With the weights that Keras was given."""
    made = learner.network([str(n) for n in range(keras_fixture.LABELS)], torch.Generator())
    drawn = keras_fixture.weights(names(keras), shapes(keras))
    with torch.no_grad():
        for ours, theirs in zip(in_keras_order(made, keras), drawn, strict=True):
            ours.copy_(torch.from_numpy(to_torch(theirs)))
    return made


def names(keras) -> list[str]:
    return [path.split("/")[-1] for path in keras["paths"]]


def shapes(keras) -> list[tuple[int, ...]]:
    return [tuple(map(int, shape.split())) for shape in keras["shapes"]]


def to_torch(array: np.ndarray) -> np.ndarray:
    """Keras has kernels as (height, width, in, out), PyTorch as (out, in, height, width)."""
    return array.transpose(3, 2, 0, 1) if array.ndim == 4 else array.T


def in_keras_order(network, keras) -> list[torch.Tensor]:
    """Our tensors, in the order of Keras's weights, by the names that its layers have."""
    layers = {"conv1_conv": network.conv1, "conv1_bn": network.conv1_bn, "dense": network.dense}
    for number, block in enumerate((network.block1, network.block2, network.block3), start=1):
        parts = [part for part in block.residual if not isinstance(part, nn.ReLU)]
        for place, part in enumerate(parts):
            kind = "bn" if place % 2 else "conv"
            layers[f"conv2_block{number}_{place // 2 + 1}_{kind}"] = part
        if number == 1:
            layers["conv2_block1_0_conv"], layers["conv2_block1_0_bn"] = block.shortcut
    tensors = {
        "kernel": "weight",
        "bias": "bias",
        "gamma": "weight",
        "beta": "bias",
        "moving_mean": "running_mean",
        "moving_variance": "running_var",
    }
    found = []
    for path in keras["paths"]:
        layer, name = str(path).split("/")[-2:]
        found.append(getattr(layers[layer], tensors[name]))
    return found


def prepared(learner) -> np.ndarray:
    return np.stack([learner.prepare(picture) for picture in keras_fixture.pictures()])


def ask(network, learner) -> np.ndarray:
    network.eval()
    with torch.inference_mode():
        return network(learner.input(prepared(learner))).numpy()


def test_resnet50_c2_32_has_the_parameters_of_keras_model(network, keras):
    ours = in_keras_order(network, keras)
    assert int(keras["parameters"]) == 232_330
    assert sum(tensor.numel() for tensor in ours) == 232_330
    counters = [name for name, _ in network.named_buffers() if name.endswith("batches_tracked")]
    assert len(network.state_dict()) == len(ours) + len(counters)


def test_resnet50_c2_32_prepares_pictures_as_image_dataset_from_directory_does(learner, keras):
    ours = prepared(learner)
    # Of 256 levels: 1/1000.
    np.testing.assert_allclose(ours[:4], keras["prepared"], atol=1e-3, rtol=0)
    sums = ours.sum(axis=(1, 2), dtype=np.float64)
    np.testing.assert_allclose(sums, keras["prepared_sums"], atol=0.1, rtol=0)


def test_resnet50_c2_32_gives_keras_logits(network, learner, keras):
    np.testing.assert_allclose(ask(network, learner), keras["logits"], rtol=1e-5, atol=1e-5)


def test_resnet50_c2_32_learns_as_keras_does(network, learner, keras):
    """PyTorch's own Adam misses by 9e-5 in losses and 2.4e-4 in biases.

    Its own batch normalization misses by 5.5e-4 in moving variances.
    """
    losses = train(network, learner)
    np.testing.assert_allclose(losses, keras["losses"], rtol=3e-5)
    np.testing.assert_allclose(ask(network, learner), keras["trained_logits"], atol=5e-3, rtol=0)
    for path, tensor, firsts, total in zip(
        keras["paths"],
        in_keras_order(network, keras),
        keras["trained_firsts"],
        keras["trained_sums"],
        strict=True,
    ):
        array = tensor.detach().numpy()
        ours = array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T
        np.testing.assert_allclose(ours.ravel()[:8], firsts, rtol=2e-4, atol=1e-4, err_msg=path)
        assert np.sum(ours, dtype=np.float64) == pytest.approx(total, rel=1e-4, abs=3e-3), path


def train(network, learner) -> list[float]:
    """The steps that Keras made."""
    optimizer, losses = learner.optimizer(network), []
    pictures, truths = prepared(learner), torch.from_numpy(keras_fixture.truths()).long()
    network.train()
    for step in range(keras_fixture.STEPS):
        first = step * keras_fixture.BATCH
        batch = np.arange(first, first + keras_fixture.BATCH) % len(pictures)
        loss = nn.functional.cross_entropy(network(learner.input(pictures[batch])), truths[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
