"""A place, and a model that says what a test wants it to say."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vidset.labeling.stores.opening import open_store
from vidset.labeling.stores.store import Query, Store
from vidset.labeling.template import parse_template
from vidset.place import Place
from vidset.place_images import ImageFiles
from vidset.prediction.document import RunLook
from vidset.prediction.work import Predictor
from vidset.training.scoring.answer_scores import AnswerScores

TEMPLATE = parse_template(
    """
name: road users
labels:
  - {name: car, min_width: 4, min_height: 4}
  - {name: rain, type: classification}
  - {name: sun, type: classification}
""",
    "the test",
)
RUN_ID = "0123456789abcdef" * 2


@dataclass(frozen=True)
class Answer:
    predicted: str
    probabilities: Sequence[float] | None = None


def boxes(*scored: tuple[str, float, float, float]) -> Answer:
    """An answer of boxes, 20x10, each by its label, left edge, top edge and score."""
    return Answer(
        json.dumps(
            [
                {"label": label, "score": score, "box": {"x": x, "y": y, "width": 20, "height": 10}}
                for label, x, y, score in scored
            ]
        )
    )


@dataclass
class SteeredModel:
    """Says the same of each image, and remembers which it was asked about."""

    answer: Answer = field(default_factory=lambda: boxes(("car", 4, 5, 0.9)))
    asked: list[str] = field(default_factory=list)

    def prepare(self, picture: np.ndarray, data: bytes) -> np.ndarray:
        return picture[:8, :8]

    def ask(self, prepared: Sequence[np.ndarray], entries: Sequence[Any]) -> list[Answer]:
        assert [picture.shape for picture in prepared] == [(8, 8, 3)] * len(entries)
        self.asked += [entry.image_uri for entry in entries]
        return [self.answer] * len(entries)


def look(run_id: str = RUN_ID, least: float = 0.5, run: str = "v0-1") -> RunLook:
    scores = AnswerScores({}, "given", least)
    return RunLook(run, run_id, "centernet-r18-256", "f" * 32, 3, scores)


def predictor(out: Path, model: SteeredModel, store: Store | None = None, **named: Any):
    """A predictor of a place, with its own store unless another is given."""
    return Predictor(
        look=look(**named),
        trained=model,
        store=store or store_of(out),
        template=TEMPLATE,
        side=None,
        images=ImageFiles(str(Place.of(str(out)).out)),
    )


def store_of(out: Path) -> Store:
    return open_store(f"sqlite:{out}/labels.sqlite")


def documents(store: Store) -> Mapping[str, dict[str, Any]]:
    """All documents of predictions, by id."""
    return {each.id: each.document for each in store.find(Query("predictions"))}
