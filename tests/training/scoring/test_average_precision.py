import numpy as np
import pytest

from vidset.training.scoring.average_precision import Precisions, rank
from vidset.training.scoring.detection import average_precision
from vidset.training.scoring.matching import Thing

LABELS = ["a", "b", "c", "absent"]
IMAGES = 30


def boxes(random, number, *, scored):
    return [
        Thing(
            LABELS[random.integers(3)],
            *(random.random(2) * 60),
            *(10 + random.random(2) * 20),
            score=round(float(random.random()), 1) if scored else 1.0,
        )
        for _ in range(number)
    ]


def moved(random, things):
    return [
        Thing(one.label, one.x + random.normal(0, 3), one.y, one.width, one.height, random.random())
        for one in things
        if random.random() < 0.8
    ]


@pytest.mark.parametrize("seed", range(5))
def test_it_is_cocos_on_all_images_and_on_images_drawn_again(seed):
    random = np.random.default_rng(seed)
    truths = [boxes(random, random.integers(0, 5), scored=False) for _ in range(IMAGES)]
    found = [moved(random, each) + boxes(random, 2, scored=True) for each in truths]
    counts = np.stack([np.ones(IMAGES, int), random.multinomial(IMAGES, [1 / IMAGES] * IMAGES)])
    scores = Precisions([[rank(truths, found, LABELS)]], IMAGES).scores(counts.astype(float))
    for drawn, score in zip(counts, scores[:, 0], strict=True):
        places = np.repeat(np.arange(IMAGES), drawn)
        wanted = average_precision(
            [truths[place] for place in places], [found[place] for place in places], LABELS
        )
        assert score == pytest.approx(wanted["ap50"], abs=1e-6)


def test_a_draw_without_objects_has_no_score():
    truths, found = [[Thing("a", 0, 0, 9, 9)], []], [[Thing("a", 0, 0, 9, 9, 0.5)], []]
    counts = np.array([[2.0, 0.0], [0.0, 2.0]])
    scores = Precisions([[rank(truths, found, ["a"])]], 2).scores(counts)
    assert scores[0, 0] == 1.0
    assert np.isnan(scores[1, 0])
