"""`vidset evaluate` and `compare`: scores of the fixed model."""


def evaluate() -> None:
    """Score a run."""
    raise NotImplementedError


def compare() -> None:
    """Is one dataset version better than another?"""
    raise NotImplementedError
