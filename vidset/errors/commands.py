"""`vidset errors` and `vidset review`: what the fixed model gets wrong, and what to do about it."""


def errors() -> None:
    """Where and why a run errs."""
    raise NotImplementedError


def review() -> None:
    """A person's decisions on errors, counted, and as fixes."""
    raise NotImplementedError
