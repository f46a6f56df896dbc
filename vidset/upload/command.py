"""`vidset upload`: a collector's videos into the uploads bucket."""


def upload() -> None:
    """Upload recordings."""
    raise NotImplementedError
