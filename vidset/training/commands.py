"""`vidset train`, `evaluate`, `compare`: the fixed model."""


def train() -> None:
    """Train the fixed model on a dataset version."""
    raise NotImplementedError
