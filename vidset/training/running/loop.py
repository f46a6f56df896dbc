"""The training loop: epochs that can be resumed at any time, with the same weights in the end."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from vidset.datasets.reading.stream import epoch_key
from vidset.datasets.versions.entry import Entry
from vidset.training.models.learner import Learner, Prediction
from vidset.training.running.asking import ask, score, to_table
from vidset.training.running.checking import Material
from vidset.training.running.folder import RunFolder
from vidset.training.running.initial_weights import InitialWeights
from vidset.training.running.selecting import selecting_value
from vidset.training.running.settings import Settings


class Training:
    """A network in training. `state` and `load` are all there is to go on from.

    Args:
        pictures: the prepared training images.
        held_out: those of the evaluated splits.
    """

    def __init__(
        self,
        learner: Learner,
        settings: Settings,
        material: Material,
        pictures: np.ndarray,
        held_out: Mapping[str, np.ndarray],
        *,
        is_mixed: bool = False,
    ):
        """
        Args:
            is_mixed: whether the network learns in bfloat16, with weights and loss in float32.
        """
        self.settings, self.material, self.learner = settings, material, learner
        self.history: list[dict[str, Any]] = []
        self.best_epoch = 0
        self.pictures, self._held_out = pictures, held_out
        self._device, self._is_mixed = torch.device(settings.device), is_mixed
        generator = torch.Generator().manual_seed(settings.seed)
        self._network = learner.network(material.classes, generator).to(self._device)
        self._optimizer = learner.optimizer(self._network)

    def start_from(self, weights: InitialWeights) -> None:
        """Begin with weights of a file, where the model has a place for them.

        Raises:
            DatasetError: they are of another network.
        """
        weights.load_into(self.learner, self._network)

    @property
    def epoch(self) -> int:
        """Returns how many epochs it has learned."""
        return len(self.history)

    def learn(self, step: Callable[[], None]) -> dict[str, Any]:
        """One epoch; `step` is called after each batch. What it cost."""
        began, cpu_began = time.perf_counter(), time.process_time()
        self._network.train()
        total = 0.0
        for places in self._batches():
            batch = [self.material.train[place] for place in places]
            pictures = self.learner.input(self.pictures[places]).to(self._device)
            with torch.autocast(self._device.type, torch.bfloat16, enabled=self._is_mixed):
                output = self._network(pictures)
                if self._is_mixed:
                    output = _in_float32(output)
                loss = self.learner.loss(output, batch, self.material.classes)
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()
            total += loss.item() * len(places)
            step()
        if not math.isfinite(total):
            raise FloatingPointError(f"epoch {self.epoch + 1}: the loss is {total}")
        return {
            "epoch": self.epoch + 1,
            "train_loss": total / len(self.material.train),
            "seconds": time.perf_counter() - began,
            "cpu_seconds": time.process_time() - cpu_began,
        }

    def evaluate(self) -> tuple[dict[str, Any], dict[str, list[Prediction]]]:
        """Scores and predictions of each split; what it cost stands beside the scores."""
        began, cpu_began = time.perf_counter(), time.process_time()
        classes, found, scores = self.material.classes, {}, {}
        for split, entries in self.material.evaluation.items():
            pictures = self._held_out[split]
            found[split] = ask(
                self._network, self.learner, pictures, entries, classes, self._device
            )
            scores[split] = score(self.learner, found[split], entries, classes)
        costs = {
            "evaluation_seconds": time.perf_counter() - began,
            "evaluation_cpu_seconds": time.process_time() - cpu_began,
        }
        return {"scores": scores, **costs}, found

    def weights(self) -> dict[str, Any]:
        """Return the network's weights by name."""
        return self._network.state_dict()

    def state(self) -> dict[str, Any]:
        """All that the next epoch depends on."""
        return {
            "weights": self.weights(),
            "optimizer": self._optimizer.state_dict(),
            "history": self.history,
            "best_epoch": self.best_epoch,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self._network.load_state_dict(state["weights"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.history, self.best_epoch = list(state["history"]), state["best_epoch"]

    def _batches(self) -> Iterator[Sequence[int]]:
        order = epoch_order(self.material.train, self.settings.seed, self.epoch + 1)
        for start in range(0, len(order), self.learner.batch_size):
            yield order[start : start + self.learner.batch_size]


def run_epoch(
    training: Training,
    folder: RunFolder,
    details: Mapping[str, Any],
    step: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """One epoch, evaluated and kept; its line of the history.

    Args:
        details: what checkpoints say beside the weights.
    """
    line = training.learn(step)
    evaluated, found = training.evaluate()
    line |= evaluated
    training.history.append(line)
    _keep(training, folder, details, found)
    folder.write_history(training.history)
    return line


def epoch_order(entries: Sequence[Entry], seed: int, epoch: int) -> list[int]:
    """Return the indices of the images in the order in which an epoch takes them.

    They are sorted by SHA-256 of seed, epoch and the image's name, so the order depends on no
    library and not on the order of `entries`.
    """

    def key(place: int) -> bytes:
        entry = entries[place]
        return epoch_key(seed, epoch, entry.image_sha256, entry.image_uri)

    return sorted(range(len(entries)), key=key)


def _keep(
    training: Training,
    folder: RunFolder,
    details: Mapping[str, Any],
    found: Mapping[str, list[Prediction]],
) -> None:
    epoch, entries = training.epoch, training.material.evaluation
    now = _selecting(training, epoch)
    if not training.best_epoch or now > _selecting(training, training.best_epoch):
        training.best_epoch = epoch
        best = {**details, "epoch": epoch, "weights": training.weights()}
        folder.write_checkpoint("best", best)
    for split, predictions in found.items():
        folder.write_predictions(split, epoch, to_table(predictions, entries[split]))
    # The epoch is done with this.
    folder.write_checkpoint("last", {**details, "epoch": epoch, **training.state()})
    folder.keep_predictions(list(found), epoch, training.best_epoch)


def _selecting(training: Training, epoch: int) -> float:
    """The score of the first split that selects the best epoch."""
    settings = training.settings
    scores: Mapping[str, Mapping[str, float | None]] = training.history[epoch - 1]["scores"]
    return selecting_value(scores[settings.splits[0]], settings.select_by)


def _in_float32(output: Any) -> Any:
    """Return a network's output, a tensor or a tuple of some, in float32; another one as it is."""
    if isinstance(output, torch.Tensor):
        return output.float()
    if isinstance(output, tuple) and all(isinstance(each, torch.Tensor) for each in output):
        return getattr(output, "_make", tuple)(each.float() for each in output)
    return output
