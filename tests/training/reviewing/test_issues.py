import numpy as np
import pytest

from vidset.datasets.errors import DatasetError
from vidset.training.reviewing.issues import RANKINGS, rank_labels
from vidset.training.scoring.answers import Answers

LABELS = ("a", "b", "c")


def answers(number=150, wrong=12, labels=LABELS):
    """So many images, the first ones with the next label instead of their own."""
    random = np.random.default_rng(1)
    true = np.arange(number) % 3
    probabilities = 0.15 * random.dirichlet(np.ones(3), number)
    probabilities[np.arange(number), true] += 0.85
    given = np.where(np.arange(number) < wrong, (true + 1) % 3, true)
    return Answers(labels, given, probabilities.argmax(axis=1), probabilities)


@pytest.mark.parametrize("ranking", RANKINGS)
def test_wrong_labels_come_first(ranking):
    issues = rank_labels(answers(), ranking)
    assert {issue.place for issue in issues[:12]} == set(range(12))
    assert len(issues) == 150
    assert all(issue.suggested == LABELS[issue.place % 3] for issue in issues)
    flagged = [issue.is_flagged for issue in issues]
    assert flagged == sorted(flagged, reverse=True)


def test_the_flags_are_cleanlabs():
    from cleanlab.filter import find_label_issues  # For seconds in each of pytest's workers.

    given = answers()
    wanted = find_label_issues(given.truth, given.probabilities, n_jobs=1)
    found = rank_labels(given)
    assert {issue.place for issue in found if issue.is_flagged} == set(np.flatnonzero(wanted))


def test_a_label_that_no_image_has_disturbs_nothing():
    given = answers()
    with_more = np.hstack([given.probabilities * 0.9, np.full((150, 1), 0.1)])
    more = Answers((*LABELS, "never"), given.truth, given.predicted, with_more)
    assert [issue.place for issue in rank_labels(more)[:12]] == [
        issue.place for issue in rank_labels(given)[:12]
    ]


def test_images_of_one_label_cannot_be_ranked():
    one = Answers(("a",), np.zeros(3, np.int64), np.zeros(3, np.int64), np.ones((3, 1)))
    with pytest.raises(DatasetError, match="two labels at least"):
        rank_labels(one)
