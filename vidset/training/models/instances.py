"""`maskrcnn-r50-fpn` at work: the objects of an image, each with its box and its pixels.

It needs torchvision, which has an environment of its own: docs/training.md says how to make it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple, cast

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.entry import Entry
from vidset.masks import Mask
from vidset.training.models.boxes import fit
from vidset.training.models.label_planes import inside
from vidset.training.models.learner import Learner, Prediction
from vidset.training.models.optimizers import Adam
from vidset.training.models.truths import InstanceTruths, mask_document, masks_of


def open_learner(recipe: Mapping[str, Any]) -> Learner:
    """Opens the learner of a recipe.

    Raises:
        DatasetError: torchvision is not installed, or does not fit this PyTorch.
    """
    try:
        import_module("torchvision.models.detection")
    except (ImportError, RuntimeError, OSError) as error:
        raise DatasetError(
            f"maskrcnn-r50-fpn needs torchvision and the PyTorch that it was built with ({error}): "
            "docs/training.md says how to make an environment for it"
        ) from None
    return _Instances(recipe)


class _Pending(NamedTuple):
    """A batch in training: torchvision computes the losses together with the targets."""

    network: nn.Module
    pictures: Tensor


class _Found(NamedTuple):
    """The objects of one image at the input's size, the surest first.

    Attributes:
        boxes: (n, 4) left, top, right, bottom.
        labels: (n,) places in the classes.
        masks: (n, height, width / 8) bits: a bool for each pixel would fill the memory.
    """

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    masks: np.ndarray


class MaskRcnn(nn.Module):
    """(n, 3, h, w) pictures of 0 to 1 in; in training a batch to be learned, else a _Found each."""

    def __init__(self, labels: int, recipe: Mapping[str, Any]):
        super().__init__()
        answers, size = recipe["answers"], recipe["input"]
        self._least = answers["mask_from"]
        detection = import_module("torchvision.models.detection")
        self.model = detection.maskrcnn_resnet50_fpn(
            weights=None,
            weights_backbone=None,
            num_classes=labels + 1,  # 0 is the background.
            min_size=min(size["width"], size["height"]),
            max_size=max(size["width"], size["height"]),
            box_score_thresh=answers["least_score"],
            box_detections_per_img=answers["most"],
        )

    def forward(self, x: Tensor) -> Any:
        if self.training:
            return _Pending(self.model, x)
        return [self._found(self.model([picture])[0]) for picture in x]

    def _found(self, said: Mapping[str, Tensor]) -> _Found:
        masks = (said["masks"][:, 0] >= self._least).cpu().numpy()
        return _Found(
            said["boxes"].cpu().numpy(),
            said["labels"].cpu().numpy() - 1,
            said["scores"].cpu().numpy(),
            np.packbits(masks, axis=2),
        )


class _Instances(InstanceTruths):
    def __init__(self, recipe: Mapping[str, Any]):
        self._recipe = recipe
        self.batch_size: int = recipe["batch_size"]

    def prepare(self, picture: np.ndarray) -> np.ndarray:
        return fit(picture, self._recipe["input"])

    def network(self, classes: Sequence[str], generator: torch.Generator) -> nn.Module:
        # torchvision draws from PyTorch's own generator.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(generator.initial_seed())
            return MaskRcnn(len(classes), self._recipe)

    def load_weights(self, network: nn.Module, state: Mapping[str, Any], name: str) -> None:
        """Take torchvision's weights of the same model, but for those of the labels.

        Raises:
            DatasetError: the state dict is of another network; with `name`.
        """
        model = cast(MaskRcnn, network).model
        wanted = model.state_dict()
        heads = ("roi_heads.box_predictor.", "roi_heads.mask_predictor.mask_fcn_logits.")
        given = {key: value for key, value in state.items() if not key.startswith(heads)}
        for key, value in wanted.items():
            if key.startswith(heads) or key.endswith("num_batches_tracked"):
                continue
            if not isinstance(given.get(key), Tensor) or given[key].shape != value.shape:
                raise DatasetError(
                    f"{name}: wanted the state dict of maskrcnn_resnet50_fpn, "
                    f"with {key} of shape {tuple(value.shape)}"
                )
        model.load_state_dict({**wanted, **{key: given[key] for key in wanted if key in given}})

    def optimizer(self, network: nn.Module) -> torch.optim.Optimizer:
        rule = self._recipe["optimizer"]
        return Adam(
            network.parameters(),
            lr=rule["learning_rate"],
            betas=(rule["beta_1"], rule["beta_2"]),
            eps=rule["epsilon"],
        )

    def input(self, prepared: np.ndarray) -> Tensor:
        return torch.from_numpy(prepared).permute(0, 3, 1, 2).float() / 255

    def loss(self, output: _Pending, entries: Sequence[Entry], classes: Sequence[str]) -> Tensor:
        device = output.pictures.device
        targets = [
            {name: value.to(device) for name, value in self._target(entry, classes).items()}
            for entry in entries
        ]
        names = " ".join(f"{entry.image_sha256} {entry.image_uri}" for entry in entries)
        seed = int.from_bytes(hashlib.sha256(names.encode()).digest()[:7], "big")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            losses: Mapping[str, Tensor] = output.network(list(output.pictures), targets)
        return torch.stack(list(losses.values())).sum()

    def predictions(
        self, output: Sequence[_Found], entries: Sequence[Entry], classes: Sequence[str]
    ) -> list[Prediction]:
        return [
            Prediction(
                truth=to_json([mask_document(*each) for each in masks_of(entry)]),
                predicted=to_json(self._answers(found, entry, classes)),
                probabilities=None,
                loss=None,
            )
            for found, entry in zip(output, entries, strict=True)
        ]

    def scores(
        self, predictions: Sequence[Prediction], entries: Sequence[Entry], classes: Sequence[str]
    ) -> Mapping[str, float]:
        from vidset.training.scoring.detection import masked_scores
        from vidset.training.scoring.matching import things_in

        uris = [entry.image_uri for entry in entries]
        truths = [things_in(each.truth, uri) for each, uri in zip(predictions, uris, strict=True)]
        found = [
            things_in(each.predicted, uri) for each, uri in zip(predictions, uris, strict=True)
        ]
        return masked_scores(truths, found, classes)

    def _target(self, entry: Entry, classes: Sequence[str]) -> dict[str, Tensor]:
        """Returns what torchvision learns of an image: boxes, labels from 1, and masks."""
        rule = self._recipe["input"]
        width, height = inside(entry.width, entry.height, rule)
        boxes, labels, masks = [], [], []
        for label, mask in masks_of(entry):
            plane = np.zeros((rule["height"], rule["width"]), np.uint8)
            pixels = mask.pixels().astype(np.uint8)
            plane[:height, :width] = cv2.resize(
                pixels, (width, height), interpolation=cv2.INTER_NEAREST
            )
            bounds = Mask.of(plane).bounds
            if bounds is None:  # It is too small to be seen at this size.
                continue
            boxes.append(bounds)
            labels.append(classes.index(label) + 1)
            masks.append(plane)
        shape = (len(masks), rule["height"], rule["width"])
        return {
            "boxes": torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
            "labels": torch.tensor(labels, dtype=torch.int64),
            "masks": torch.from_numpy(np.array(masks, np.uint8).reshape(shape)),
        }

    def _answers(self, found: _Found, entry: Entry, classes: Sequence[str]) -> list[dict[str, Any]]:
        rule = self._recipe["input"]
        width, height = inside(entry.width, entry.height, rule)
        said = []
        for label, score, bits in zip(found.labels, found.scores, found.masks, strict=True):
            plane = np.unpackbits(bits, axis=1)[:height, :width]
            whole = cv2.resize(
                plane.astype(np.float32),
                (entry.width, entry.height),
                interpolation=cv2.INTER_LINEAR,
            )
            mask = Mask.of(whole >= self._recipe["answers"]["mask_from"])
            if mask.bounds is not None:
                said.append(
                    {**mask_document(classes[int(label)], mask), "score": round(float(score), 6)}
                )
        return said
