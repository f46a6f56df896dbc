"""U-Net takes torchvision's weights, and what it predicts are labels of the image's own pixels."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.datasets.numerals import entry, write_version
from tests.datasets.streets import LABELS, draw_street, street_objects, write_streets
from tests.training.runs import Recorded, are_equal, train, weights
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.repository import Repository
from vidset.masks import Mask
from vidset.training.models.registry import fixed_model
from vidset.training.models.segmentation import segmentation_loss
from vidset.training.running.folder import RunFolder
from vidset.training.running.predict import predict
from vidset.training.scoring.pixels import read_masks
from vidset.training.scoring.predictions import read_predictions

MODEL = "unet-r18-320x180"
OPTIONS = {"model": MODEL, "epochs": 1, "splits": ("validation",)}


def resnet18() -> dict[str, torch.Tensor]:
    """A state dict with the keys and shapes of torchvision's resnet18."""
    random = torch.Generator().manual_seed(0)
    state: dict[str, torch.Tensor] = {}

    def convolution(name: str, width: int, channels: int, size: int) -> None:
        state[f"{name}.weight"] = torch.randn(width, channels, size, size, generator=random) * 0.05

    def norm(name: str, width: int) -> None:
        state[f"{name}.weight"] = torch.ones(width)
        for key in ("bias", "running_mean"):
            state[f"{name}.{key}"] = torch.zeros(width)
        state[f"{name}.running_var"] = torch.ones(width)
        state[f"{name}.num_batches_tracked"] = torch.tensor(0)

    convolution("conv1", 64, 3, 7)
    norm("bn1", 64)
    before = 64
    for layer, width in enumerate((64, 128, 256, 512), 1):
        for block in (0, 1):
            name = f"layer{layer}.{block}"
            convolution(f"{name}.conv1", width, before, 3)
            norm(f"{name}.bn1", width)
            convolution(f"{name}.conv2", width, width, 3)
            norm(f"{name}.bn2", width)
            if before != width:
                convolution(f"{name}.downsample.0", width, before, 1)
                norm(f"{name}.downsample.1", width)
            before = width
    state["fc.weight"], state["fc.bias"] = torch.zeros(1000, 512), torch.zeros(1000)
    return state


@pytest.fixture(scope="module")
def streets(tmp_path_factory):
    """A repository with a version of drawn streets, and a run of one epoch on it."""
    root = tmp_path_factory.mktemp("streets")
    repository = Repository(root / "datasets")
    version = write_streets(repository, {"train": 6, "validation": 2})
    progress = Recorded()
    train(repository, version, root / "run", progress=progress, **OPTIONS)
    return repository, version, root / "run", progress


def test_a_run_says_the_task_and_the_classes_without_what_is_ignored(streets):
    _, _, folder, progress = streets
    run = RunFolder(folder).run()
    assert run is not None
    assert (run["task"], tuple(run["classes"])) == ("segmentation", LABELS)
    scores = progress.lines[0]["scores"]["validation"]
    assert list(scores) == ["mean_iou", "mean_iou_micro", "pixel_accuracy", "loss"]


def test_predictions_have_a_label_for_each_pixel_of_the_image(streets):
    repository, version, folder, _ = streets
    table = read_predictions(folder / "predictions/validation/epoch-0001.parquet")
    entries = {each.image_uri: each for each in repository.manifest(version).split("validation")}
    for row in table.to_pylist():
        of_entry = {thing.label: thing.mask for thing in entries[row["image_uri"]].things}
        hood = of_entry.pop("ignored")
        truth = read_masks(row["truth"], row["image_uri"], "truth")
        assert truth == of_entry
        assert hood is not None
        answer = read_masks(row["predicted"], row["image_uri"], "predicted")
        assert set(answer) <= set(LABELS)
        assert sum(mask.area for mask in answer.values()) == 320 * 180
        assert sum(mask.area for mask in truth.values()) == 320 * 180 - hood.area


@pytest.mark.chaos  # The detector's is in `make test`.
def test_it_is_the_same_bit_for_bit_when_trained_again(streets, tmp_path):
    repository, version, folder, _ = streets
    train(repository, version, tmp_path / "again", **OPTIONS)
    assert are_equal(weights(folder), weights(tmp_path / "again"))


def test_images_of_any_form_are_answered_in_their_own_size(streets, tmp_path):
    """Also a recorded answer is the same when asked again, as `evaluate --on` does."""
    repository, version, folder, _ = streets
    random = np.random.default_rng(7)
    entries = []
    for number, size in enumerate([(400, 500), (97, 31)]):
        picture, plane = draw_street(random, size)
        things = street_objects(plane)
        entries.append(entry(repository, picture, f"{number}.png", "validation", None, things))
    other = write_version(repository, entries)
    for row, each in zip(
        predict(folder, repository, other, "validation").to_pylist(),
        repository.manifest(other).split("validation"),
        strict=True,
    ):
        answer = read_masks(row["predicted"], each.image_uri, "predicted")
        assert {(mask.width, mask.height) for mask in answer.values()} == {
            (each.width, each.height)
        }
        assert sum(mask.area for mask in answer.values()) == each.width * each.height
    again = predict(folder, repository, version, "validation")
    kept = read_predictions(folder / "predictions/validation/epoch-0001.parquet")
    rows = {row["image_uri"]: row["predicted"] for row in kept.to_pylist()}
    assert {row["image_uri"]: row["predicted"] for row in again.to_pylist()} == rows


def test_torchvisions_weights_begin_another_recipe_with_their_hash(streets, tmp_path):
    repository, version, folder, _ = streets
    state = resnet18()
    torch.save(state, tmp_path / "resnet18.pth")
    digest = hashlib.sha256((tmp_path / "resnet18.pth").read_bytes()).hexdigest()
    run = train(repository, version, tmp_path / "run", **OPTIONS, weights=tmp_path / "resnet18.pth")
    assert run["recipe"]["initial"]["encoder"]["sha256"] == digest
    model = fixed_model(MODEL)
    assert run["recipe_hash"] == model.started_from(digest).recipe_hash != model.recipe_hash
    learned = weights(tmp_path / "run")
    # One step of Adam moves a weight by some thousandths; the drawn ones are far from these.
    key = "layer4.1.conv2.weight"
    assert (learned[f"encoder.{key}"] - state[key]).abs().max() < 0.005
    assert (weights(folder)[f"encoder.{key}"] - state[key]).abs().max() > 0.1
    # Asked later, the run needs the file no more.
    (tmp_path / "resnet18.pth").unlink()
    assert predict(tmp_path / "run", repository, version, "validation").num_rows == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(lambda state: state.pop("layer3.0.downsample.0.weight"), "no layer3", id="no"),
        pytest.param(lambda state: state.update(layer9=torch.ones(1)), "unknown layer9", id="more"),
        pytest.param(
            lambda state: state.update({"conv1.weight": torch.ones(64, 4, 7, 7)}),
            r"conv1\.weight of shape \(64, 3, 7, 7\), got \(64, 4, 7, 7\)",
            id="shape",
        ),
    ],
)
def test_weights_of_another_network_are_refused(streets, tmp_path, change, said):
    repository, version, _, _ = streets
    state = resnet18()
    change(state)
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(DatasetError, match=said):
        train(repository, version, tmp_path / "run", **OPTIONS, weights=tmp_path / "other.pth")


def test_a_file_that_holds_no_weights_is_refused(streets, tmp_path):
    repository, version, _, _ = streets
    (tmp_path / "w.pth").write_bytes(b"no weights")
    with pytest.raises(DatasetError, match=r"--weights .*w\.pth: wanted a state dict"):
        train(repository, version, tmp_path / "run", **OPTIONS, weights=tmp_path / "w.pth")
    with pytest.raises(DatasetError, match="centernet-r18-256 draws all its weights"):
        fixed_model("centernet-r18-256").started_from("0" * 64)


def test_what_does_not_tell_pixels_cannot_be_learned(streets):
    repository, version, _, _ = streets
    learner = fixed_model(MODEL).learner()
    each = next(iter(repository.manifest(version)))
    box = {"id": "1", "label": "car", "box": {"x": 1, "y": 1, "width": 2, "height": 2}}
    small = {"id": "1", "label": "car", "type": "mask", "mask": Mask.of(np.eye(3)).to_document()}
    for objects, said in (
        (None, "nobody said which objects it has"),
        (to_json([box]), "has a box (car), which does not say"),
        (to_json([small]), "has a mask of 3 x 3 (car)"),
    ):
        assert said in (learner.unusable(replace(each, objects=objects)) or "")
    assert learner.unusable(each) is None


def test_pixels_that_nothing_covers_are_background(streets):
    repository, version, _, _ = streets
    learner = fixed_model(MODEL).learner()
    each = next(iter(repository.manifest(version)))
    ring = [{"x": x, "y": y} for x, y in [(10, 10), (200, 10), (200, 100), (10, 100)]]
    thing = {"id": "1", "label": "car", "type": "polygon", "points": ring}
    other = replace(each, objects=to_json([thing]))
    assert learner.classes([other]) == ["background", "car"]
    assert learner.unknown_labels(other, ["car"]) == {"background"}


def test_the_loss_is_cross_entropy_and_dice_over_known_pixels():
    logits = torch.tensor([[[[2.0, 0.0, 5.0]], [[0.0, 1.0, 0.0]], [[0.0, 0.0, 0.0]]]])
    targets = torch.tensor([[[0, 1, -1]]])
    shares = torch.softmax(torch.tensor([[2.0, 0, 0], [0, 1, 0]]), dim=1)
    entropy = -(shares[0, 0].log() + shares[1, 1].log()) / 2
    sums = shares.sum(dim=0)
    dice = (2 * shares[0, 0] / (sums[0] + 1) + 2 * shares[1, 1] / (sums[1] + 1)) / 2
    found = segmentation_loss(logits, targets, {"dice_weight": 1})
    assert found.item() == pytest.approx((entropy + 1 - dice).item(), abs=1e-5)
    nothing = segmentation_loss(logits, torch.full((1, 1, 3), -1), {"dice_weight": 1})
    assert nothing.item() == 0
