"""Scores of pixels are scikit-learn's, and odd images score as they should."""

import json

import numpy as np
import pyarrow as pa
import pytest

from vidset.datasets.errors import DatasetError
from vidset.masks import Mask
from vidset.training.models.label_planes import masks_in
from vidset.training.scoring.noise import draw_counts
from vidset.training.scoring.pixels import MeanIous, count_pixels, masks_to_json
from vidset.training.scoring.predictions import SCHEMA
from vidset.training.scoring.segmentation import is_right, score_pixels

CLASSES = ("car", "road", "sky")
IGNORED = 9


def table(*pairs: tuple[str | None, str]) -> pa.Table:
    rows = [
        {
            "image_sha256": f"{number:064x}",
            "image_uri": f"{number}.png",
            "origin": f"{number:064x}",
            "truth": truth,
            "predicted": answer,
            "probabilities": None,
        }
        for number, (truth, answer) in enumerate(pairs)
    ]
    return pa.Table.from_pylist(rows, SCHEMA)


def said(plane: np.ndarray, names: tuple[str, ...] = CLASSES) -> str:
    """A plane of places in `names`; others are told nothing of."""
    return masks_to_json(masks_in(plane, names))


def planes(random: np.random.Generator, labels: list[int]) -> np.ndarray:
    """Patches, as pictures have them, and single pixels."""
    small = random.choice(labels, (random.integers(1, 6), random.integers(1, 7)))
    plane = np.kron(small, np.ones((4, 3), int))
    noisy = random.random(plane.shape) < 0.1
    return np.where(noisy, random.choice(labels, plane.shape), plane)


@pytest.mark.parametrize("seed", range(8))
def test_scores_are_those_of_scikit_learn(seed):
    from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, jaccard_score

    random = np.random.default_rng(seed)
    there = [0, 1, 2, IGNORED] if seed % 2 else [0, 1]  # Then no truth has the sky,
    given = [0, 1, 2] if seed % 3 else [0, 1]  # and then none answers it either.
    truths = [planes(random, there) for _ in range(4)]
    answers = [
        np.where(
            random.random(each.shape) < 0.6, np.minimum(each, max(given)), random.choice(given)
        )
        for each in truths
    ]
    pairs = [(said(one), said(other)) for one, other in zip(truths, answers, strict=True)]
    scores = score_pixels(count_pixels(table(*pairs), CLASSES))
    truth, answer = (np.concatenate([each.ravel() for each in all_]) for all_ in (truths, answers))
    known = truth != IGNORED
    truth, answer = truth[known], answer[known]
    used = sorted(set(truth) | set(answer))
    assert scores["pixels"] == known.sum()
    assert scores["ignored_pixels"] == (~known).sum()
    same = {"rel": 0, "abs": 1e-6}
    for name, value in (
        ("mean_iou", jaccard_score(truth, answer, labels=used, average="macro")),
        ("mean_iou_micro", jaccard_score(truth, answer, labels=used, average="micro")),
        ("pixel_accuracy", accuracy_score(truth, answer)),
        ("dice", f1_score(truth, answer, labels=used, average="macro")),
    ):
        assert scores[name] == pytest.approx(value, **same), name
    ious = jaccard_score(truth, answer, labels=used, average=None)
    dices = f1_score(truth, answer, labels=used, average=None)
    for place, label in enumerate(CLASSES):
        one = scores["labels"][label]
        if place not in used:
            assert (one["iou"], one["dice"], one["support"]) == (None, None, 0)
            continue
        assert one["iou"] == pytest.approx(ious[used.index(place)], **same)
        assert one["dice"] == pytest.approx(dices[used.index(place)], **same)
    wanted = confusion_matrix(truth, answer, labels=[0, 1, 2])
    assert scores["confusion"]["matrix"] == wanted.tolist()
    for row, counts in zip(scores["confusion"]["shares"], wanted, strict=True):
        assert row == (pytest.approx(counts / counts.sum()) if counts.sum() else None)


def test_an_image_of_which_nothing_is_told_counts_nowhere():
    nothing, answer = said(np.full((3, 4), IGNORED)), said(np.zeros((3, 4), int))
    scores = score_pixels(count_pixels(table((nothing, answer), (nothing, nothing)), CLASSES))
    assert scores["pixels"] == 0
    assert scores["ignored_pixels"] == 12
    for name in ("mean_iou", "mean_iou_micro", "pixel_accuracy", "dice", "constant_guess"):
        assert scores[name] is None
    assert scores["interval"] is None
    assert scores["right"] == 2


def test_a_label_that_training_lacks_counts_as_wrong():
    truth, answer = np.array([[0, 3]]), np.array([[0, 0]])
    counts = count_pixels(table((said(truth, (*CLASSES, "bus")), said(answer))), CLASSES)
    assert counts.labels == (*CLASSES, "bus")
    scores = score_pixels(counts)
    assert scores["labels"]["bus"]["iou"] == 0
    assert scores["mean_iou"] == 0.25


def test_pixels_without_an_answer_are_answered_as_background():
    truth, answer = said(np.array([[0, 1]])), said(np.array([[0, IGNORED]]))
    counts = count_pixels(table((truth, answer)), CLASSES)
    assert counts.labels[-1] == "background"
    assert counts.matrix.sum() == 2
    assert score_pixels(counts)["mean_iou"] == pytest.approx(1 / 3)


def test_an_image_is_right_where_more_is_right_than_wrong():
    truth = np.array([[0, 0, 1, 1]])
    good, bad = np.array([[0, 0, 1, 0]]), np.array([[1, 0, 1, 0]])
    pairs = [(said(truth), said(each)) for each in (good, bad)]
    assert is_right(count_pixels(table(*pairs), CLASSES)).tolist() == [True, False]


def test_a_draw_scores_as_its_images_would():
    random = np.random.default_rng(5)
    pairs = [
        (said(planes(random, [0, 1])[:4, :3]), said(planes(random, [0, 1])[:4, :3]))
        for _ in range(5)
    ]
    counts = count_pixels(table(*pairs), CLASSES)
    side = MeanIous([[counts]], 5)
    for drawn in draw_counts(5, random, 3):
        for row, score in zip(drawn, side.scores(drawn)[:, 0], strict=True):
            chosen = [
                pair for pair, times in zip(pairs, row, strict=True) for _ in range(int(times))
            ]
            again = score_pixels(count_pixels(table(*chosen), CLASSES))
            assert score == pytest.approx(again["mean_iou"], rel=0, abs=1e-12)


@pytest.mark.parametrize(
    ("truth", "answer", "reason"),
    [
        pytest.param(None, "[]", "truth: wanted a list of labels with masks", id="no truth"),
        pytest.param("[]", "car", "predicted: wanted a list of labels with masks", id="no list"),
        pytest.param(
            "[]",
            json.dumps([{"label": "car", "mask": Mask.of(np.ones((2, 2))).to_document()}] * 2),
            "predicted: wanted one mask for each label",
            id="a label twice",
        ),
        pytest.param(
            "[]",
            masks_to_json({name: Mask.of(np.ones((2, 2))) for name in ("car", "road")}),
            "got masks that overlap",
            id="overlap",
        ),
        pytest.param(
            masks_to_json({"car": Mask.of(np.ones((2, 2)))}),
            masks_to_json({"car": Mask.of(np.ones((2, 3)))}),
            r"of one size, got \[\(2, 2\), \(3, 2\)\]",
            id="sizes",
        ),
        pytest.param(
            "[]",
            masks_to_json({"bus": Mask.of(np.ones((1, 1)))}),
            "'bus' was predicted",
            id="class",
        ),
    ],
)
def test_what_is_no_prediction_of_pixels_is_refused(truth, answer, reason):
    with pytest.raises(DatasetError, match=rf"0\.png: .*{reason}"):
        count_pixels(table((truth, answer)), CLASSES)
