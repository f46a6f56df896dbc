"""The fixed model of a set, trained on the images that were chosen."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.selection_sets import Set
from vidset.datasets.versions.entry import Entry
from vidset.labeling.template import Label, Template
from vidset.place_images import KeptImage
from vidset.prediction.document import RunLook, make_document
from vidset.selection.gathering import predicted_of
from vidset.selection.pool import Predicted
from vidset.training.scoring.answer_scores import AnswerScores


class Fixed:
    """The fixed model of a set; see `benchmarks.selection_ridge.Ridge`."""

    def __init__(self, data: Set, seed: int):
        from vidset.training.models.registry import fixed_model

        self._data, self._seed = data, seed
        self._learner = fixed_model(data.model).learner()

    def learn(self, chosen: Sequence[int]) -> float:
        """Train on images by their places; return the score on those that are held out."""
        data, learner = self._data, self._learner
        entries = [data.entries[at] for at in chosen]
        self._classes = learner.classes(entries)
        self._network = _train(data, learner, entries, self._classes, chosen, self._seed)
        found = _ask(learner, self._network, data.held_out_pictures, data.held_out, self._classes)
        return next(iter(learner.scores(found, data.held_out, self._classes).values())) or 0.0

    def predict(self, rest: Sequence[int]) -> dict[int, Predicted]:
        """Return what it says of images by their places in the set, by their order."""
        return _predict(self._data, self._learner, self._network, self._classes, rest)


def _train(
    data: Set,
    learner: Any,
    entries: Sequence[Entry],
    classes: Sequence[str],
    places: Sequence[int],
    seed: int,
) -> Any:
    import torch

    network = learner.network(classes, torch.Generator().manual_seed(seed))
    optimizer = learner.optimizer(network)
    random = np.random.default_rng(seed)
    order = np.concatenate(
        [
            random.permutation(len(entries))
            for _ in range(-(-data.steps * learner.batch_size // len(entries)))
        ]
    )[: data.steps * learner.batch_size]
    network.train()
    for start in range(0, len(order), learner.batch_size):
        batch = order[start : start + learner.batch_size]
        optimizer.zero_grad()
        output = network(learner.input(data.pictures[[places[at] for at in batch]]))
        learner.loss(output, [entries[at] for at in batch], classes).backward()
        optimizer.step()
    return network


def _ask(
    learner: Any,
    network: Any,
    pictures: np.ndarray,
    entries: Sequence[Entry],
    classes: Sequence[str],
) -> list[Any]:
    import torch

    from vidset.training.running.asking import ask

    return ask(network, learner, pictures, entries, classes, torch.device("cpu"))


def _predict(
    data: Set, learner: Any, network: Any, classes: Sequence[str], rest: Sequence[int]
) -> dict[int, Any]:
    """Ask the model about the images that nobody has chosen, as `vidset predict` does."""
    from datetime import UTC, datetime

    entries = [data.entries[at] for at in rest]
    found = _ask(learner, network, data.pictures[list(rest)], entries, classes)
    kind = "classification" if found[0].probabilities is not None else "box"
    labels = tuple(Label(name=name, type=kind, min_width=0, min_height=0) for name in classes)
    template = Template(name="benchmark", labels=labels)
    look = RunLook("run", "0" * 32, data.model, "v", 1, AnswerScores({}, "given", data.least))
    moment = datetime.now(UTC)
    return {
        place: predicted_of(
            make_document(image_of(data, at), answer, look, template, moment).document
        )
        for place, (at, answer) in enumerate(zip(rest, found, strict=True))
    }


def image_of(data: Set, at: int) -> KeptImage:
    """Return an entry of a set as an image of a place."""
    entry = data.entries[at]
    # Without videos each has one of its own, named by its hash: names must not tell the labels.
    video, seconds = (entry.image_sha256, 0.0) if data.moments is None else data.moments[at]
    return KeptImage(
        f"{at:032x}",
        entry.image_uri,
        entry.width,
        entry.height,
        entry.image_sha256,
        None,
        video,
        None,
        seconds,
        None,
    )
