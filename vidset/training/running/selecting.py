"""The score that chooses a run's best epoch: the first of the first split, or the one asked for."""

from collections.abc import Mapping

from vidset.datasets.errors import DatasetError
from vidset.suggestions import did_you_mean
from vidset.training.models.commands import CommandModel
from vidset.training.models.registry import Model
from vidset.training.scoring.run import LOSS


def check_select_by(name: str | None, model: Model) -> None:
    """Refuse a score that the model does not have, as far as that is known before it is trained.

    Raises:
        DatasetError: it is none of the model's, or the model is a program, which is scored once.
    """
    if name is None:
        return
    if isinstance(model, CommandModel):
        raise DatasetError(
            f"--select-by: {model.name} is a program, which chooses its best epoch itself"
        )
    if model.scores:
        _check(name, (*model.scores, LOSS))


def selecting_value(scores: Mapping[str, float | None], name: str | None) -> float:
    """Return a number that is larger for a better epoch; a score that is not defined is worst.

    Args:
        scores: of the first split, the model's own first.
        name: of the score that chooses; None: the first.

    Raises:
        DatasetError: there is no such score.
    """
    if name is None:
        name = next(iter(scores))
    _check(name, tuple(scores))
    value = scores[name]
    if value is None:
        return float("-inf")
    return -value if name == LOSS else value


def _check(name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        raise DatasetError(
            f"--select-by: wanted a score of this model ({', '.join(known)}), got {name!r}."
            f"{did_you_mean(name, known)}"
        )
