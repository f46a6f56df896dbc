"""The strategies by name, and the quotas of `mixed`."""

from collections.abc import Mapping
from types import MappingProxyType

from vidset.selection.strategies import chance, diverse, errors, rare, time, uncertain
from vidset.selection.strategies.strategy import Strategy
from vidset.suggestions import unknown

STRATEGIES: Mapping[str, Strategy] = {
    each.name: each
    for each in (
        Strategy("random", "every image is as likely as any other", chance.picks),
        Strategy("time", "spread evenly over collectors, hours, videos and time", time.picks),
        Strategy(
            "diverse",
            "stands for many images that nothing labeled or chosen is like",
            diverse.picks,
            diverse.lacks,
        ),
        Strategy(
            "uncertain",
            "doubted most by the model",
            uncertain.picks,
            uncertain.lacks,
            asks_model=True,
        ),
        Strategy(
            "errors",
            "like training images that a model gets wrong",
            errors.picks,
            errors.lacks,
            asks_model=True,
        ),
        Strategy(
            "rare",
            "labels of which there are few, as far as the model sees them",
            rare.picks,
            rare.lacks,
            asks_model=True,
        ),
    )
}
MIXED = "mixed"
# Chosen by curves of a cheap classifier on three sets of images: see docs/selection.md.
MIXED_QUOTAS: Mapping[str, float] = MappingProxyType(
    {"uncertain": 0.45, "diverse": 0.35, "time": 0.1, "errors": 0.05, "rare": 0.05}
)


def quotas_of(text: str) -> Mapping[str, float]:
    """Read a strategy's name, `mixed`, or quotas such as "uncertain=0.5,time=0.5".

    Raises:
        ValueError: there is no such strategy, or the quotas are none.
    """
    if text == MIXED:
        return MIXED_QUOTAS
    if "=" not in text:
        return {_known(text): 1.0}
    quotas: dict[str, float] = {}
    for part in text.split(","):
        name, _, told = part.partition("=")
        name = _known(name.strip())
        try:
            share = float(told)
        except ValueError:
            share = 0.0
        if not 0 < share < float("inf") or name in quotas:
            raise ValueError(
                f"--strategy {text}: wanted each strategy once with a share above 0, such as "
                f"uncertain=0.5,time=0.5; got {part!r}"
            )
        quotas[name] = share
    total = sum(quotas.values())
    return {name: share / total for name, share in quotas.items()}


def _known(name: str) -> str:
    if name not in STRATEGIES:
        raise ValueError(unknown("strategy", name, [*STRATEGIES, MIXED]))
    return name
